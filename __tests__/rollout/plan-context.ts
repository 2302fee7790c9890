/** Invented hosts as an operator sees them: what `remote/facts.sh` would report about them. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Facts } from "../../src/rollout/facts";
import { readDescription, type Description } from "../../src/rollout/description";
import { Host } from "../../src/rollout/host";
import { HostKeys } from "../../src/rollout/host-keys";
import type { HostState } from "../../src/rollout/identity";
import type { KubeNode } from "../../src/rollout/kubernetes";
import { Log } from "../../src/rollout/log";
import type { PlanContext } from "../../src/rollout/plan";
import { Redactor } from "../../src/rollout/secrets";
import type { Paths } from "../../src/rollout/session";
import { Ssh } from "../../src/rollout/ssh";
import type { ClusterSettings } from "../../src/config/settings";
import { emit, REFERENCE, temporaryFolder, type TestNode } from "../fixture";

/** A public key whose private key was not kept. */
export const OPERATOR_KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDIhz2GK/XCUj4i6Q5yQJNL1MKMLZvLAMGjuYrRuMzGb operator";

const FINGERPRINT = `SHA256:${createHash("sha256")
  .update(Buffer.from(OPERATOR_KEY.split(" ")[1] as string, "base64"))
  .digest("base64")
  .replace(/=+$/, "")}`;

export function described(nodes: readonly TestNode[], settings: Partial<ClusterSettings> = {}): Description {
  const folder = temporaryFolder();
  const authorizedKeysFile = join(folder, "authorized_keys");
  writeFileSync(authorizedKeysFile, `${OPERATOR_KEY}\n`);
  emit(folder, nodes, { ...REFERENCE, authorizedKeysFile, ...settings });
  return readDescription(join(folder, "nix"));
}

/** The paths of a session that writes into that folder only. @param folder - of the emitted hosts */
export const pathsIn = (own: string, folder: string): Paths => ({
  hosts: folder,
  knownHosts: join(own, "known_hosts"),
  logs: join(own, "logs"),
  builds: join(own, "builds"),
  backups: join(own, "backups"),
  context: "k3s",
});

export function hosts(description: Description): Host[] {
  const folder = temporaryFolder();
  const log = new Log(join(folder, "logs"), new Redactor(), () => undefined);
  const ssh = new Ssh(new HostKeys(join(folder, "known_hosts"), join(folder, "seen")), log);
  return description.nodes.map((node) => new Host(node, description, ssh, log));
}

/** A member that is as it should be, except for the given facts. */
export function hostState(host: Host, facts: Partial<Facts> = {}): HostState {
  const { node } = host;
  const system = `/nix/store/${node.hostname}-system`;
  return {
    host,
    facts: {
      bootId: `boot of ${node.hostname}`,
      hostname: node.hostname,
      machineId: `machine-id of ${node.hostname}`,
      interfaces: new Map([
        ["lo", "00:00:00:00:00:00"],
        [node.nixos.networkInterface, node.macAddress],
      ]),
      firmware: node.nixos.firmware,
      rootUuid: node.nixos.rootFilesystem.uuid,
      rootSource: "/dev/sda1",
      rootDeviceExists: true,
      operatorAddress: "172.22.0.50",
      operatorKey: FINGERPRINT,
      current: system,
      profile: system,
      release: "25.11",
      nixpkgs: "",
      k3sVersion: "v1.34.2+k3s1",
      k3s: "active",
      holdsApiVip: false,
      serverData: node.role === "server",
      joined: true,
      k3sMounts: [],
      k3sMounted: [],
      failedUnits: [],
      upSeconds: 1000,
      tokens: new Map([[host.description.k3s.tokenFile, "hash"]]),
      oldTokens: new Map(),
      keptToken: "",
      salt: "salt",
      rebootDue: [],
      refusal: "",
      files: host.files,
      deletions: "",
      ...facts,
    },
  };
}

/** An untouched clone of the template. */
export const clone = (host: Host, facts: Partial<Facts> = {}): HostState =>
  hostState(host, {
    hostname: "nixos",
    k3s: "inactive",
    k3sVersion: "",
    serverData: false,
    joined: false,
    files: new Map([["configuration.nix", "{ }\n"]]),
    ...facts,
  });

export const kubeNode = (host: Host, more: Partial<KubeNode> = {}): KubeNode => ({
  name: host.name,
  server: host.node.role === "server",
  controlPlane: host.node.role === "server",
  ready: true,
  address: host.node.ipv4Address,
  hostname: host.name,
  version: "v1.34.2+k3s1",
  bootId: `boot of ${host.name}`,
  podCidr: "10.42.0.0/24",
  cordoned: false,
  cordonedByUs: false,
  heartbeat: "now",
  ...more,
});

export const context = (all: readonly HostState[], more: Partial<PlanContext> = {}): PlanContext => ({
  hosts: all,
  nodes: all.filter(({ facts }) => facts.joined).map(({ host }) => kubeNode(host)),
  tokens: { server: undefined, agent: undefined },
  hasEnded: () => false,
  regenerateIdentity: false,
  rebuild: false,
  ...more,
});
