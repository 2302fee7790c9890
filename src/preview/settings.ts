/** What a changed setting of the cluster or of a host does. For VMs see `src/provider/impact.ts`. */
export interface Effect {
  /** A clause on the effect. */
  readonly words: string;
  /** Listed among the dangers. */
  readonly danger?: true;
  /** A rollout reboots the host. */
  readonly reboot?: true;
  /** What it does instead where it was not set before, without a danger. */
  readonly atFirst?: string;
  /** Only the build shows whether K3s restarts and hosts reboot. */
  readonly afterBuild?: true;
}

export interface SettingChange {
  /** Path in `cluster.json`, such as `network.podCidr`. */
  readonly setting: string;
  /** `undefined` if not set. */
  readonly before: unknown;
  readonly after: unknown;
  readonly effect: Effect;
}

const effect = (words: string): Effect => ({ words });
const danger = (words: string): Effect => ({ words, danger: true });
const TOKEN: Effect = {
  ...danger("rollouts read the join token from another place; every host refuses a different token"),
  // Rollouts did not deliver a token before.
  atFirst: "rollouts read the join token from there",
};
const BACKUPS = effect("the next backup may remove others of the cluster");
const S3_SOURCE = effect(
  "rollouts read the S3 credentials from another place; every server refuses different ones",
);

const OVERCOMMIT = effect("whether VMs fit their PVE nodes is judged by it");
const FIREWALL = effect("firewalls reload");
const POOL = effect(
  "other addresses are reserved: give them to the load balancer too, and keep them out of DHCP",
);
const DHCP = effect("other addresses are taken to be what the DHCP server gives away: set it likewise");
const K3S = effect("K3s restarts with other flags");
const S3 = effect(
  "K3s restarts, and copies its snapshots to another place; what is in the former one stays there",
);
const NEW_CLUSTER = "K3s uses it only when it initializes a cluster; a running cluster keeps the old value";

/** Effects of settings in `cluster` of `cluster.json`. */
export const CLUSTER_EFFECTS: Readonly<Record<string, Effect>> = {
  "network.nodeCidr": danger("the hosts move to another network"),
  "network.podCidr": danger(NEW_CLUSTER),
  "network.serviceCidr": danger(NEW_CLUSTER),
  "network.lanCidrs": FIREWALL,
  "network.managementCidrs": FIREWALL,
  "network.operatorCidrs": effect("SSH must stay open to other networks"),
  "network.gateway": danger("the hosts' network is reconfigured"),
  "network.dhcpRange.from": DHCP,
  "network.dhcpRange.to": DHCP,
  "network.nameservers": effect("the hosts use other name servers"),
  apiEndpoint: danger("agents and joining servers use another address of the API"),
  "apiVip.address": danger(
    "servers get it first, and their certificates with it; then K3s on agents restarts with it and forgets the servers that it knew; a kubeconfig keeps the former address",
  ),
  "apiVip.interface": effect("keepalived restarts on the servers, and the address may move to another"),
  "apiVip.routerId": {
    ...danger(
      "until the rollout has reached all servers, those with the former number do not know the others: two may hold the address",
    ),
    atFirst: "VRRP's number of the address",
  },
  "loadBalancer.pool.from": POOL,
  "loadBalancer.pool.to": POOL,
  "loadBalancer.implementation": effect(
    "firewalls reload, for another load balancer: you install and remove them",
  ),
  "k3s.tokenFile": danger("K3s waits on every host until the file with the join token exists"),
  "k3s.agentTokenFile": danger(
    "agents join with another token; roll out servers first, and rotate the servers' token, which agents knew",
  ),
  "k3s.traefik": effect("K3s installs or removes Traefik"),
  "k3s.serviceLb": effect("K3s installs or removes its load balancer, and ports 80 and 443 open or close"),
  "k3s.package": effect(
    "K3s changes its version, on servers first; `rollout upgrade` makes a backup before, and no way leads back to an older minor without",
  ),
  "k3s.flannelBackend": danger(
    "pods on different hosts lose connectivity until K3s has restarted on both hosts",
  ),
  "k3s.embeddedRegistry": K3S,
  "k3s.registries": effect("K3s restarts, and takes images from other mirrors"),
  "k3s.pveRegion": effect(
    "K3s restarts: every node gets the labels of its region and zone, and only a node that joins later gets the provider ID",
  ),
  "k3s.nodePorts.from": effect("node ports outside of the range stop working"),
  "k3s.nodePorts.to": effect("node ports outside of the range stop working"),
  "k3s.exposedPorts": FIREWALL,
  "k3s.kubeletReadOnlyPort": K3S,
  "k3s.imageGc.highPercent": K3S,
  "k3s.imageGc.lowPercent": K3S,
  "k3s.snapshots.schedule": K3S,
  "k3s.snapshots.keep": effect("K3s restarts, and keeps another number of snapshots"),
  "k3s.snapshots.compress": K3S,
  "k3s.snapshots.maxAgeHours": effect("verify fails at another age of the newest snapshot"),
  "k3s.snapshots.drill.time": effect(
    "servers restore their newest snapshots once a month at another time, or no longer",
  ),
  "k3s.snapshots.drill.maxAgeDays": effect("verify fails at another age of the last drill that succeeded"),
  "k3s.snapshots.s3.endpoint": S3,
  "k3s.snapshots.s3.bucket": S3,
  "k3s.snapshots.s3.folder": S3,
  "k3s.snapshots.s3.region": S3,
  "k3s.snapshots.s3.secretFile": danger(
    "K3s waits on every server until the file with the S3 credentials exists",
  ),
  "k3s.manifests": effect(
    "rollouts apply the objects of other files; those of a file that goes stay in the cluster",
  ),
  "k3s.serverFlags": K3S,
  "k3s.agentFlags": K3S,
  "nixos.nixpkgs.rev": {
    words:
      "all hosts are built from it: NixOS, kernel and K3s may get other versions; whether K3s restarts and hosts reboot is known after the build",
    afterBuild: true,
  },
  "nixos.nixpkgs.hash": effect("hosts build only from a nixpkgs with this hash"),
  "nixos.monitoring.from": effect(
    "node_exporter of every host may be read from other networks, or no longer from any",
  ),
  "nixos.monitoring.nodeExporterPort": effect(
    "node_exporter of every host listens on another port, or no longer",
  ),
  "firewall.allow": FIREWALL,
  "firewall.trustPods": FIREWALL,
  authorizedKeys: effect("other keys can log in as root"),
  "pve.nodes": effect(
    "new nodes are placed by it, and whether VMs fit is judged by it; a VM leaves a PVE node that goes",
  ),
  "pve.spread": effect("new nodes are placed by it; the others stay where they are"),
  "pve.overcommit.cpu": OVERCOMMIT,
  "pve.overcommit.memory": OVERCOMMIT,
  "pve.overcommit.disk": OVERCOMMIT,
  "pve.ha": effect("Proxmox VE's HA manager looks after other VMs"),
  "rollout.certificateDays": effect(
    "verifications fail at another number of days before a certificate expires",
  ),
  "rollout.build": effect("rollouts build the hosts' systems at another place, from the same files"),
  "rollout.tokenPath": TOKEN,
  "rollout.tokenCommand": TOKEN,
  "rollout.agentTokenPath": TOKEN,
  "rollout.agentTokenCommand": TOKEN,
  "rollout.backup.recipients": effect("the join token in backups is encrypted for others"),
  "rollout.backup.keep": BACKUPS,
  "rollout.backup.keepDays": BACKUPS,
  "rollout.s3Path": S3_SOURCE,
  "rollout.s3Command": S3_SOURCE,
};

const NO_BOOT = "the host may not boot; a rollout refuses values that do not fit the machine";

/** Effects of a node's settings in `cluster.json`, without its VM's. */
export const NODE_EFFECTS: Readonly<Record<string, Effect>> = {
  id: effect("its construct id changes"),
  hostname: {
    words:
      "it becomes another Kubernetes node: remove the old node and add the new one; a rollout refuses to rename",
    danger: true,
    reboot: true,
  },
  role: danger("a node cannot change its role: remove it and add another"),
  clusterInit: danger(
    "another server initializes the cluster: unless it already has the cluster's data, it creates a second one",
  ),
  vmId: danger("it becomes another VM"),
  ipv4Address: danger(
    "its address changes: every other node needs the new one, and K3s and etcd still have the old one",
  ),
  macAddress: {
    words: "its network interface changes: DHCP and the other nodes still have the old one",
    danger: true,
    reboot: true,
  },
  directory: effect("its files move"),
  terraformName: effect("its address in OpenTofu's state changes"),
  terraformAddress: effect("its address in OpenTofu's state changes"),
  formerTerraformName: effect("OpenTofu moves it in the state"),
  nodeLabels: effect("K3s sets labels only when a node joins: also change them with kubectl"),
  nodeTaints: effect("K3s sets taints only when a node joins: also change them with kubectl"),
  k3sFlags: K3S,
  mounts: danger(
    "a disk that is empty is formatted, and a mounted disk hides what is in its folder; a rollout refuses to hide K3s' data",
  ),
  interfaces: {
    words: "its host names other interfaces, at its next boot; its VM has to have them before the rollout",
    reboot: true,
  },
  networks: effect("its addresses, routes or VLANs in further networks change"),
  hardwareConfiguration: effect("its hardware configuration changes between captured and generated"),
  "nixos.release": {
    words: "another NixOS release is built; `rollout upgrade` changes one host before the others",
    reboot: true,
  },
  "nixos.stateVersion": danger("it must stay the release with which the host was installed"),
  "nixos.firmware": danger(NO_BOOT),
  "nixos.bootDisk": danger(NO_BOOT),
  "nixos.efiSystemPartition": danger(NO_BOOT),
  "nixos.rootFilesystem.uuid": danger(NO_BOOT),
  "nixos.rootFilesystem.type": danger(NO_BOOT),
  "nixos.networkInterface": {
    words: "its interface gets another name, at its next boot; network, flannel and firewall use that one",
    danger: true,
    reboot: true,
  },
  "nixos.kernelPackages": { words: "another kernel is built", reboot: true },
  "nixos.growRoot": effect("its root filesystem grows to the whole disk at each boot, or no longer does"),
  "nixos.configurationLimit": effect("its boot menu has more or fewer generations"),
  "nixos.deleteGenerationsAfterDays": effect("old generations are kept longer or shorter"),
  "nixos.journalMaxMib": effect("its journal may take more or less of the root disk"),
  "nixos.storage": effect("its host gets or loses programs with which volumes are mounted"),
  "nixos.platform": danger(NO_BOOT),
  "nixos.binaryCaches": effect("it takes built packages from other servers, and trusts their keys"),
};

/** Settings that follow from others, which are reported instead. */
const DERIVED = new Set(["terraformName", "terraformAddress", "formerTerraformName"]);

type Settings = Readonly<Record<string, unknown>>;

/** Every setting that differs, with its effect. */
export function compareSettings(
  before: Settings,
  after: Settings,
  effects: Readonly<Record<string, Effect>>,
): SettingChange[] {
  const [old, now] = [flattened(before), flattened(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((setting) => {
    const [one, other] = [old.get(setting), now.get(setting)];
    if (DERIVED.has(setting) || JSON.stringify(one) === JSON.stringify(other)) return [];
    // A setting of another version, which this version does not know.
    const known = effectOf(setting, effects) ?? effect("hosts are rebuilt");
    const found = one === undefined && known.atFirst !== undefined ? effect(known.atFirst) : known;
    return [{ setting, before: one, after: other, effect: found }];
  });
}

/** Of the setting, or of the group that it is in. */
function effectOf(setting: string, effects: Readonly<Record<string, Effect>>): Effect | undefined {
  const end = setting.lastIndexOf(".");
  return effects[setting] ?? (end < 0 ? undefined : effectOf(setting.slice(0, end), effects));
}

/**
 * Flattens settings. A list counts as one value. Leaves out the VM, which is compared as OpenTofu sees it, but for what only the
 * host knows: the mounts of its disks, the names of its interfaces, and their networks.
 */
function flattened(settings: Settings, prefix = ""): Map<string, unknown> {
  return new Map(
    Object.entries(settings).flatMap(([key, value]): [string, unknown][] => {
      if (prefix === "" && key === "vm") return Object.entries(ofTheHost(value as Settings));
      const isGroup = typeof value === "object" && value !== null && !Array.isArray(value);
      return isGroup ? [...flattened(value as Settings, `${prefix}${key}.`)] : [[`${prefix}${key}`, value]];
    }),
  );
}

/** The VM's settings that only its host knows, each by the disk's or the interface's name; `undefined` without any. */
function ofTheHost({ disks, networkInterfaces }: Settings): Settings {
  const named = ((networkInterfaces ?? []) as Settings[]).filter(({ name }) => name !== undefined);
  return {
    mounts: byName((disks ?? []) as Settings[], ({ interface: name, mount }) => [name, mount]),
    interfaces: byName(named, ({ name, macAddress, mtu }) => [name, { macAddress, mtu }]),
    networks: byName(named, ({ name, address = "none", routes, vlans }) => [
      name,
      { address, routes, vlans },
    ]),
  };
}

function byName(all: readonly Settings[], of: (each: Settings) => [unknown, unknown]): Settings | undefined {
  const entries = all.map(of).filter(([, value]) => value !== undefined) as [string, unknown][];
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
