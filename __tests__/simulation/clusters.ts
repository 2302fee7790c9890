/** Clusters on several PVE nodes, for what failures cost. */
import type { ClusterSettings, PveNodeSettings, PveSettings } from "../../src/config/settings";
import { flows } from "../../src/firewall/flows";
import type { Subject } from "../../src/simulation/failure";
import type { Outcome } from "../../src/simulation/outcome";
import { simulate } from "../../src/simulation/simulation";
import { addCluster, agent, REFERENCE, server, testApp, type TestNode } from "../fixture";

/** A disk on the datastore that all share, and room for four VMs of the reference cluster. */
export const PVE_NODE: PveNodeSettings = {
  cores: 16,
  memoryMib: 67_584,
  datastores: { ceph: { sizeGib: 900, shared: true }, local: { sizeGib: 400 } },
  bridges: ["vmbr0", "vmbr1"],
};

export const pveNodes = (count: number, node: PveNodeSettings = PVE_NODE): PveSettings["nodes"] =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`pve${index + 1}`, node]));

const NAMES = ["alphard", "acrux", "alnair", "atria", "avior"];

/** Servers, the first of which founds the cluster, on these PVE nodes. */
export const serversOn = (...places: readonly number[]): TestNode[] =>
  places.map((place, index) =>
    server(`s${index}`, NAMES[index] ?? "", 134 + index, {
      clusterInit: index === 0,
      pveNode: `pve${place}`,
    }),
  );

export const agentOn = (
  place: number,
  hostname: string,
  vmId: number,
  more: Partial<TestNode> = {},
): TestNode => agent(hostname, hostname, vmId, { pveNode: `pve${place}`, ...more });

/** Of the reference cluster, with disks on `ceph`. */
export const settingsOf = (settings: Partial<ClusterSettings>): ClusterSettings => ({
  ...REFERENCE,
  apiEndpoint: "https://k3s.example.org:6443",
  ...settings,
  vm: {
    ...REFERENCE.vm,
    templatePveNode: "pve1",
    memoryMib: 16_384,
    disks: [{ interface: "scsi0", datastore: "ceph", sizeGib: 32 }],
    ...settings.vm,
  },
});

/** What the model makes of them, with whatever faults. */
export function subjectOf(nodes: readonly TestNode[], settings: Partial<ClusterSettings> = {}): Subject {
  const { cluster } = addCluster(testApp(), nodes, settingsOf(settings)).resolve();
  return { ...cluster, flows: flows(cluster) };
}

/** The outcome of the failures of those names. */
export function outcomeOf(subject: Subject, ...names: readonly string[]): Outcome {
  const { singles, pairs } = simulate(subject);
  const found = [...singles, ...pairs].find(
    ({ failures }) =>
      failures.length === names.length && names.every((name) => failures.some((each) => each.name === name)),
  );
  if (found !== undefined) return found;
  throw new Error(`none of ${singles.map(({ failures }) => failures[0]?.name).join("; ")}`);
}

export const hostnames = (nodes: readonly { readonly hostname: string }[]): string[] =>
  nodes.map(({ hostname }) => hostname);
