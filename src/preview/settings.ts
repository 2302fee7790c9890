/** What a changed setting of cluster or host means for what runs. VMs have a table of their own: impacts.ts. */
export interface Effect {
  /** Completes "this changes, and …". */
  readonly words: string;
  /** People have to know before they agree. */
  readonly danger?: true;
  /** A rollout reboots the host for it. */
  readonly reboot?: true;
}

export interface SettingChange {
  /** As `cluster.json` has it, such as `network.podCidr`. */
  readonly setting: string;
  /** `undefined` where it is not stated. */
  readonly before: unknown;
  readonly after: unknown;
  readonly effect: Effect;
}

const effect = (words: string): Effect => ({ words });
const danger = (words: string): Effect => ({ words, danger: true });
const TOKEN = danger("rollouts take the join token from elsewhere; another token is refused by every host");

const FIREWALL = effect("firewalls reload");
const K3S = effect("K3s restarts with other flags");
const NEW_CLUSTER = "K3s takes it when a cluster is founded; a running one does not follow";

/** Settings of `cluster` in `cluster.json`. */
export const CLUSTER_EFFECTS: Readonly<Record<string, Effect>> = {
  "network.nodeCidr": danger("the hosts are in another network"),
  "network.podCidr": danger(NEW_CLUSTER),
  "network.serviceCidr": danger(NEW_CLUSTER),
  "network.lanCidrs": FIREWALL,
  "network.managementCidrs": FIREWALL,
  "network.operatorCidrs": effect("SSH is kept open to other networks"),
  "network.gateway": danger("the hosts' network is configured anew"),
  "network.nameservers": effect("the hosts ask others for names"),
  apiEndpoint: danger("agents and further servers look for the API elsewhere"),
  "k3s.tokenFile": danger("K3s waits on every host until the join token is there"),
  "k3s.agentTokenFile": danger(
    "agents join with another token, servers first; rotate the servers' token, which agents had",
  ),
  "k3s.traefik": effect("K3s installs or removes Traefik"),
  "k3s.serviceLb": effect("K3s installs or removes its load balancer, and ports 80 and 443 open or close"),
  "k3s.package": effect("another K3s runs, on servers first"),
  "k3s.flannelBackend": danger("pods of two hosts lose each other until K3s has restarted on both"),
  "k3s.embeddedRegistry": K3S,
  "k3s.nodePorts.from": effect("node ports outside of the range are lost"),
  "k3s.nodePorts.to": effect("node ports outside of the range are lost"),
  "k3s.exposedPorts": FIREWALL,
  "k3s.kubeletReadOnlyPort": K3S,
  "k3s.serverFlags": K3S,
  "k3s.agentFlags": K3S,
  "firewall.allow": FIREWALL,
  "firewall.trustPods": FIREWALL,
  authorizedKeys: effect("other people log in as root"),
  "rollout.tokenPath": TOKEN,
  "rollout.tokenCommand": TOKEN,
  "rollout.agentTokenPath": TOKEN,
  "rollout.agentTokenCommand": TOKEN,
};

const NO_BOOT = "the host may not boot; a rollout refuses what does not fit the machine";

/** Settings of a node in `cluster.json`, but for its VM's. */
export const NODE_EFFECTS: Readonly<Record<string, Effect>> = {
  id: effect("its construct has another id"),
  hostname: {
    words:
      "it is another Kubernetes node: remove the old one and add the new one; a rollout refuses to rename",
    danger: true,
    reboot: true,
  },
  role: danger("a node does not change its role: remove it and add another"),
  clusterInit: danger("another server founds the cluster: with data of its own, it would found a second one"),
  vmId: danger("it is another VM"),
  ipv4Address: danger(
    "its address changes: every other node has to learn it, and K3s and its etcd know the old one",
  ),
  macAddress: danger("its network interface changes: DHCP and the other nodes know the old one"),
  directory: effect("its files move"),
  terraformName: effect("its address in OpenTofu's state changes"),
  terraformAddress: effect("its address in OpenTofu's state changes"),
  formerTerraformName: effect("OpenTofu moves it in the state"),
  nodeLabels: effect("K3s gives labels only to a node that joins: change them by kubectl, too"),
  nodeTaints: effect("K3s gives taints only to a node that joins: change them by kubectl, too"),
  k3sFlags: K3S,
  hardwareConfiguration: effect("its hardware configuration is the host's own, or the emitted one again"),
  "nixos.release": { words: "another NixOS is built", reboot: true },
  "nixos.stateVersion": danger("it is the release that the host was installed with, and never raised"),
  "nixos.firmware": danger(NO_BOOT),
  "nixos.bootDisk": danger(NO_BOOT),
  "nixos.efiSystemPartition": danger(NO_BOOT),
  "nixos.rootFilesystem.uuid": danger(NO_BOOT),
  "nixos.rootFilesystem.type": danger(NO_BOOT),
  "nixos.networkInterface": danger("network, flannel and firewall use another interface"),
  "nixos.kernelPackages": { words: "another kernel is built", reboot: true },
  "nixos.growRoot": effect("its root takes all of its disk at each boot, or stays as large as it is"),
  "nixos.configurationLimit": effect("its boot menu has more or fewer generations"),
  "nixos.deleteGenerationsAfterDays": effect("its former generations are kept for longer or shorter"),
  "nixos.platform": danger(NO_BOOT),
};

/** Follow from others, of which they are said. */
const DERIVED = new Set(["terraformName", "terraformAddress", "formerTerraformName"]);

type Settings = Readonly<Record<string, unknown>>;

/** Every setting that differs, by the table of its kind. */
export function compareSettings(
  before: Settings,
  after: Settings,
  effects: Readonly<Record<string, Effect>>,
): SettingChange[] {
  const [old, now] = [leaves(before), leaves(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((setting) => {
    const [one, other] = [old.get(setting), now.get(setting)];
    if (DERIVED.has(setting) || JSON.stringify(one) === JSON.stringify(other)) return [];
    // A setting of an older or a newer version, of which this one knows nothing.
    const known = effects[setting] ?? effect("hosts are built anew");
    // Whoever states it for the first time has had no rollout.
    const first = known === TOKEN && one === undefined;
    const found = first ? effect("rollouts bring the join token from there") : known;
    return [{ setting, before: one, after: other, effect: found }];
  });
}

/** Lists are one value; a VM is compared as OpenTofu sees it. */
function leaves(settings: Settings, prefix = ""): Map<string, unknown> {
  return new Map(
    Object.entries(settings).flatMap(([key, value]): [string, unknown][] => {
      if (prefix === "" && key === "vm") return [];
      const isGroup = typeof value === "object" && value !== null && !Array.isArray(value);
      return isGroup ? [...leaves(value as Settings, `${prefix}${key}.`)] : [[`${prefix}${key}`, value]];
    }),
  );
}
