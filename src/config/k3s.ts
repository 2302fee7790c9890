import { forbiddenCharacter } from "../base/characters";
import { withDefaults } from "./validation";
import type { Faults } from "./fault";
import { checkFlags } from "./k3s-flags";
import type { Cluster, K3s } from "./model";
import { K3S_DATA, K3sSchema, LABEL_KEY, type K3sSettings, type Role } from "./settings";

/** Port of the Kubernetes API and of K3s' supervisor on every server. */
export const API_PORT = 6443;

export const resolveK3s = (settings: K3sSettings): K3s => withDefaults(K3sSchema, settings);

/** Checks the settings in combination; the schema checks each of them alone. */
export function checkK3s(k3s: K3s, faults: Faults): void {
  if (k3s.agentTokenFile !== undefined && k3s.agentTokenFile === k3s.tokenFile) {
    faults.add(
      "agentTokenFile",
      "should be another file than 'k3s.tokenFile': agents must not get the servers' token",
    );
  }
  const secretFile = k3s.snapshots?.s3?.secretFile;
  if (secretFile !== undefined && [k3s.tokenFile, k3s.agentTokenFile].includes(secretFile)) {
    faults.add("snapshots.s3.secretFile", "should be another file than the one of a join token");
  }
  for (const { registry, mirrors } of k3s.registries) {
    if (k3s.registries.filter((other) => other.registry === registry).length > 1)
      faults.add("registries", `has ${registry} more than once; list all its mirrors in one`);
    if (mirrors.length === 0 && !k3s.embeddedRegistry)
      faults.add(
        "registries",
        `has ${registry} without mirrors, which only 'k3s.embeddedRegistry' makes useful`,
      );
  }
  checkFlags("serverFlags", k3s.serverFlags, "server", faults);
  checkFlags("agentFlags", k3s.agentFlags, "agent", faults);
}

/** File from which K3s of that role reads its join token. */
export const tokenFileOf = ({ tokenFile, agentTokenFile }: K3s, role: Role): string =>
  role === "agent" ? (agentTokenFile ?? tokenFile) : tokenFile;

const STORAGE_FLAG = "--default-local-storage-path=";

/** Folder, on every host, in which K3s' provisioner makes volumes: a folder each. */
export function localStorageOf({ k3s, nodes }: Pick<Cluster, "k3s" | "nodes">): string {
  const servers = nodes.filter(({ role }) => role === "server");
  const flags = [...k3s.serverFlags, ...servers.flatMap(({ k3sFlags }) => k3sFlags)];
  const stated = flags.find((flag) => flag.startsWith(STORAGE_FLAG))?.slice(STORAGE_FLAG.length);
  return stated?.replace(/\/+$/, "") ?? `${K3S_DATA}/storage`;
}

export function checkLabels(labels: Readonly<Record<string, string>>, faults: Faults): void {
  for (const key of Object.keys(labels)) {
    const character = forbiddenCharacter(key);
    if (character !== undefined)
      faults.add("nodeLabels", `contains the character ${character}, which no setting may contain`);
    else if (!LABEL_KEY.test(key))
      faults.addInvalid("nodeLabels", "label keys such as disk or example.org/disk", key);
    else if (isForbiddenLabel(key))
      faults.addInvalid("nodeLabels", "keys that a kubelet may set on its own node", key);
  }
}

/**
 * The kubelet refuses to start with a label of these domains.
 * Source: kubernetes, cmd/kubelet/app/options (`unknown 'kubernetes.io' or 'k8s.io' labels`).
 */
function isForbiddenLabel(key: string): boolean {
  const domain = key.includes("/") ? (key.split("/")[0] as string) : "";
  if (!/(^|\.)(kubernetes|k8s)\.io$/.test(domain)) return false;
  if (/(^|\.)(kubelet|node)\.kubernetes\.io$/.test(domain)) return false;
  return !ALLOWED_LABELS.has(key);
}

const ALLOWED_LABELS = new Set([
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "kubernetes.io/hostname",
  "kubernetes.io/arch",
  "kubernetes.io/os",
]);
