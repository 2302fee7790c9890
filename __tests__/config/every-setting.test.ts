import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TerraformStack } from "cdktf";
import { HostFiles, K3sAgentNode, K3sCluster, K3sServerNode } from "../../constructs";
import type {
  ClusterSettings,
  HostFilesSettings,
  NodeSettings,
  ServerSettings,
} from "../../src/config/settings";
import { resolveK3s } from "../../src/config/k3s";
import { snapshotLimitHours } from "../../src/config/snapshots";
import { backupSettings, buildPlace, certificateDays } from "../../src/config/rollout";
import type { Description } from "../../src/rollout/description";
import { Redactor } from "../../src/rollout/secrets";
import { manifestObjects } from "../../src/rollout/manifests";
import { readTokens } from "../../src/rollout/token";
import { inside, temporaryFolder, testApp, textsBelow } from "../fixture";
import * as every from "./every-setting";

interface Stated {
  readonly cluster: ClusterSettings;
  readonly agent: NodeSettings;
  readonly hostFiles: HostFilesSettings;
  readonly servers: readonly ServerSettings[];
}

const OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH me\n";

const SERVERS: readonly ServerSettings[] = [{ hostname: "alphard", vmId: 134 }];

/** A folder with the files that settings name: tokens, a document and another key. */
function folderOf(): string {
  const folder = temporaryFolder();
  for (const name of ["a", "b", "c", "d"]) writeFileSync(join(folder, name), `planted-token-${name}\n`);
  for (const name of ["e", "f"])
    writeFileSync(
      join(folder, name),
      `AWS_ACCESS_KEY_ID=planted-${name}\nAWS_SECRET_ACCESS_KEY=planted-${name}\n`,
    );
  writeFileSync(join(folder, "keys"), OTHER_KEY);
  writeFileSync(join(folder, "nodes.md"), "<!-- k3s-nodes:start -->\n<!-- k3s-nodes:end -->\n");
  return folder;
}

/** The folder differs from test to test, and is not a setting. */
const everything = (folder: string): Stated => {
  const { tokenPath, agentTokenPath, s3Path, backup, build } = every.stated(every.rollout(folder));
  return {
    cluster: {
      ...every.stated(every.cluster(join(folder, "keys"))),
      apiVip: undefined, // it excludes 'apiEndpoint'
      loadBalancer: undefined, // it excludes 'k3s.serviceLb'
      network: { ...every.stated(every.NETWORK), operatorNetworkWaived: false },
      vm: {},
      nixos: { ...every.stated(every.NIXOS), ...every.stated(every.CLUSTER_NIXOS) },
      k3s: every.stated(every.K3S),
      firewall: every.stated(every.FIREWALL),
      rollout: { tokenPath, agentTokenPath, s3Path, backup, build },
    },
    agent: { ...every.stated(every.VM), ...every.stated(every.NODE) },
    hostFiles: every.stated(every.HOST_FILES),
    servers: SERVERS,
  };
};

interface Outcome {
  readonly faults: readonly string[];
  /** OpenTofu's JSON, the emitted files, and what a rollout reads. */
  readonly effects: string;
}

/** What each of these settings produces in this run, without the folder. Most cases differ from a single one. */
const outcomes = new Map<string, Outcome>();
beforeAll(() => {
  outcomes.clear();
});

async function outcomeWith(statedIn: (folder: string) => Stated): Promise<Outcome> {
  const folder = folderOf();
  const neutral = (text: string): string => text.replaceAll(folder, "");
  const key = neutral(JSON.stringify(statedIn(folder)));
  const known = outcomes.get(key);
  if (known !== undefined) return known;
  const { faults, effects } = await outcomeOf(folder, statedIn(folder));
  const outcome = { faults: faults.map(neutral), effects: neutral(effects) };
  outcomes.set(key, outcome);
  return outcome;
}

/** `cluster.json` contains every setting, whether or not it has another effect, so its settings are left out. */
async function outcomeOf(folder: string, { cluster, agent, hostFiles, servers }: Stated): Promise<Outcome> {
  const { faults, emitted } = inside(folder, () => {
    const app = testApp();
    const stack = new TerraformStack(app, "k3s");
    const construct = new K3sCluster(stack, "cluster", cluster);
    const vm = {
      templateVmId: 9000,
      pveNode: "pve",
      disks: agent.disks,
      networkInterfaces: [{ bridge: "vmbr0" }],
    };
    servers.forEach((server, index) => new K3sServerNode(construct, `s-${index}`, { ...vm, ...server }));
    new K3sAgentNode(construct, "agent", agent);
    const files = new HostFiles(construct, "files", hostFiles);
    const faults = [construct, files].flatMap((each) => each.node.validate());
    if (faults.length > 0) return { faults, emitted: [] };
    app.synth();
    const json = readFileSync(join(app.outdir, "stacks", "k3s", "cdk.tf.json"), "utf8");
    const texts = Object.entries(textsBelow(folder)).filter(([path]) => !path.endsWith("cluster.json"));
    return { faults, emitted: [json, texts] };
  });
  if (faults.length > 0) return { faults, effects: "" };
  const k3s = resolveK3s(cluster.k3s);
  const tokens = await readTokens({ rollout: cluster.rollout } as Description, new Redactor());
  return {
    faults,
    effects: JSON.stringify([
      ...emitted,
      tokens,
      buildPlace(cluster),
      certificateDays(cluster),
      snapshotLimitHours({ k3s }),
      manifestObjects({ k3s }, new Redactor()),
      backupSettings(cluster),
    ]),
  };
}

type AnyPairs = Readonly<Record<string, readonly [unknown, unknown, object?]>>;

type Place = (base: Stated, settings: (noun: object) => object) => Stated;

const inCluster =
  (name: keyof ClusterSettings): Place =>
  (base, change) => ({
    ...base,
    cluster: { ...base.cluster, [name]: change((base.cluster[name] ?? {}) as object) },
  });

const inAgent: Place = (base, change) => ({ ...base, agent: change(base.agent) as NodeSettings });

/** Puts the noun into its place: a group, or the last entry of a list. */
const within =
  (place: Place, name: string): Place =>
  (base, change) =>
    place(base, (noun) => {
      const value = (noun as Readonly<Record<string, object | object[]>>)[name] as object | object[];
      const changed = Array.isArray(value)
        ? [...value.slice(0, -1), change(value.at(-1) as object)]
        : change(value);
      return { ...noun, [name]: changed };
    });

const inLoadBalancer: Place = (base, change) =>
  inCluster("loadBalancer")(
    {
      ...base,
      cluster: {
        ...base.cluster,
        k3s: every.WITHOUT_SERVICE_LB,
        loadBalancer: every.stated(every.LOAD_BALANCER),
      },
    },
    change,
  );

/** Each noun, with its place. */
const NOUNS: readonly [string, (folder: string) => object, Place][] = [
  [
    "a cluster",
    (folder) => every.cluster(join(folder, "keys")),
    (base, change) => ({ ...base, cluster: change(base.cluster) as ClusterSettings }),
  ],
  [
    "the API's address",
    () => every.API_VIP,
    (base, change) =>
      inCluster("apiVip")(
        {
          ...base,
          cluster: { ...base.cluster, apiEndpoint: undefined, apiVip: every.stated(every.API_VIP) },
        },
        change,
      ),
  ],
  ["a load balancer", () => every.LOAD_BALANCER, inLoadBalancer],
  ["a pool of addresses", () => every.ADDRESS_POOL, within(inLoadBalancer, "pool")],
  ["a network", () => every.NETWORK, inCluster("network")],
  ["a base of MAC addresses", () => every.MAC_ADDRESS_BASE, within(inCluster("network"), "macAddressBase")],
  ["NixOS", () => every.NIXOS, inCluster("nixos")],
  ["a root filesystem", () => every.ROOT_FILESYSTEM, within(inCluster("nixos"), "rootFilesystem")],
  ["a binary cache", () => every.BINARY_CACHE, within(inCluster("nixos"), "binaryCaches")],
  ["NixOS of a cluster", () => every.CLUSTER_NIXOS, inCluster("nixos")],
  ["nixpkgs", () => every.NIXPKGS, within(inCluster("nixos"), "nixpkgs")],
  ["monitoring", () => every.MONITORING, within(inCluster("nixos"), "monitoring")],
  ["K3s", () => every.K3S, inCluster("k3s")],
  ["the garbage collection of images", () => every.IMAGE_GC, within(inCluster("k3s"), "imageGc")],
  ["snapshots", () => every.SNAPSHOTS, within(inCluster("k3s"), "snapshots")],
  ["drills", () => every.DRILL, within(within(inCluster("k3s"), "snapshots"), "drill")],
  ["snapshots in S3", () => every.SNAPSHOTS_S3, within(within(inCluster("k3s"), "snapshots"), "s3")],
  ["node ports", () => every.NODE_PORTS, within(inCluster("k3s"), "nodePorts")],
  ["a registry", () => every.REGISTRY, within(inCluster("k3s"), "registries")],
  ["exposed ports", () => every.EXPOSED_PORTS, within(inCluster("k3s"), "exposedPorts")],
  ["a firewall", () => every.FIREWALL, inCluster("firewall")],
  ["an allowed flow", () => every.ALLOWED, within(inCluster("firewall"), "allow")],
  ["an allowed flow over an interface", () => every.ALLOWED_OVER, within(inCluster("firewall"), "allow")],
  ["allowed ports", () => every.ALLOWED_PORTS, within(within(inCluster("firewall"), "allow"), "ports")],
  ["backups", () => every.BACKUP, within(inCluster("rollout"), "backup")],
  ["a rollout", every.rollout, inCluster("rollout")],
  ["a node", () => every.NODE, inAgent],
  ["a VM", () => every.VM, inAgent],
  ["a disk", () => every.DISK, within(inAgent, "disks")],
  ["a disk's mount", () => every.DISK_MOUNT, within(within(inAgent, "disks"), "mount")],
  ["a network interface", () => every.NETWORK_INTERFACE, within(inAgent, "networkInterfaces")],
  [
    "an interface's network",
    () => every.INTERFACE_NETWORK,
    within(within(inAgent, "networkInterfaces"), "address"),
  ],
  ["a route", () => every.ROUTE, within(within(inAgent, "networkInterfaces"), "routes")],
  ["a VLAN", () => every.VLAN, within(within(inAgent, "networkInterfaces"), "vlans")],
  ["a startup", () => every.STARTUP, within(inAgent, "startup")],
  [
    "host files",
    () => every.HOST_FILES,
    (base, change) => ({ ...base, hostFiles: change(base.hostFiles) as HostFilesSettings }),
  ],
];

/** Settings that only the checks use: another value adds a fault or removes one. */
const CHECKS_ONLY = ["templateDiskGib", "operatorCidrs", "operatorNetworkWaived", "allowEvenServerCount"];

/** Some settings have an effect only together with certain values of others. */
const BESIDE: Readonly<Record<string, (base: Stated) => Stated>> = {
  templateDiskGib: (base) =>
    inAgent(base, (agent) => ({ ...agent, disks: [{ ...every.FIRST_DISK, sizeGib: 32 }] })),
  allowEvenServerCount: (base) => ({
    ...base,
    servers: [
      { ...base.servers[0], clusterInit: true } as ServerSettings,
      { hostname: "acrux", vmId: 135, macAddress: "BC:24:11:00:00:03" },
    ],
  }),
};

const CASES = NOUNS.flatMap(([noun, pairsOf, place]) =>
  Object.keys(pairsOf("")).map(
    (setting) => [`'${setting}' of ${noun}`, { setting, pairsOf, place }] as const,
  ),
);

/** For entry 0, then for entry 1: the second may behave like the first. */
const both = async <T>(of: (index: number) => Promise<T>): Promise<[T, T]> => [await of(0), await of(1)];

test.each(CASES)("another value of %s has an effect", async (_, { setting, pairsOf, place }) => {
  const [one, other] = await both((index) =>
    outcomeWith((folder) => {
      const [first, second, beside] = (pairsOf(folder) as AnyPairs)[setting] as AnyPairs[string];
      const base = (BESIDE[setting] ?? ((all) => all))(everything(folder));
      return place(base, (noun) => ({ ...noun, ...beside, [setting]: index === 0 ? first : second }));
    }),
  );
  if (CHECKS_ONLY.includes(setting)) {
    expect([one, other].map(({ faults }) => faults.length > 0)).toContain(true);
    expect(one.faults).not.toEqual(other.faults);
  } else {
    expect([...one.faults, ...other.faults]).toEqual([]);
    expect(one.effects === other.effects).toBe(false);
  }
});

test("two syntheses of the same settings are identical, so that a difference shows an effect", async () => {
  const [one, other] = await both(async () => {
    const folder = folderOf();
    return (await outcomeOf(folder, everything(folder))).effects.replaceAll(folder, "");
  });
  expect(one).toBe(other);
  expect(one).not.toBe("");
});

/** Settings that only a server has. */
const SERVER: Readonly<Record<Exclude<keyof ServerSettings, keyof NodeSettings>, true>> = {
  clusterInit: true,
};

test.each(Object.keys(SERVER))("another value of '%s' of a server has an effect", async (setting) => {
  const servers = ["acrux", "alphard", "alnair"].map((hostname, index) => ({
    hostname,
    vmId: 130 + index,
    macAddress: `BC:24:11:00:00:1${index}`,
  }));
  const [one, other] = await both((founder) =>
    outcomeWith((folder) => ({
      ...everything(folder),
      servers: servers.map((server, index) => ({
        ...server,
        ...(index === founder ? { [setting]: true } : {}),
      })),
    })),
  );
  expect([...one.faults, ...other.faults]).toEqual([]);
  expect(one.effects === other.effects).toBe(false);
});
