/** What the settings of a cluster become: the defaults, and what is derived from other settings. */
import type { Cluster, Node } from "../../src/config/model";
import type { ClusterSettings } from "../../src/config/settings";
import { labelsOf } from "../../src/config/topology";
import { ALPHARD, FIVE_NODES, MIZAR, REFERENCE, server, type TestNode } from "../fixture";
import * as every from "./every-setting";
import { OPERATOR_KEY } from "./operator-key";
import { resolved } from "./resolved";

const SMALL = { templateVmId: 9000, networkInterfaces: [{ bridge: "vmbr0" }] };

test("a cluster in which little is stated", () => {
  const { cluster, faults } = resolved(REFERENCE, FIVE_NODES, OPERATOR_KEY);
  expect(faults).toEqual([]);
  expect(cluster).toMatchSnapshot();
});

describe("the order in main.ts changes nothing", () => {
  const disk = { datastore: "fast", sizeGib: 32 };
  const disks = ["scsi0", "scsi2", "scsi10"].map((name) => ({ ...disk, interface: name }));
  const tags = ["a", "b", "c"];
  const labels = { a: "1", b: "2", c: "3" };
  const nodeTaints = ["a:NoSchedule", "b:NoSchedule", "c:NoSchedule"];
  const mizar = { disks, tags, nodeLabels: labels, nodeTaints };
  const settings = { ...REFERENCE, k3s: { ...REFERENCE.k3s, pveRegion: "home" } };
  const clusterOf = (nodes: readonly TestNode[]) => resolved(settings, nodes, OPERATOR_KEY);

  test.each<[string, object]>([
    ["disks", { disks: [...disks].reverse() }],
    ["tags", { tags: [...tags].reverse() }],
    ["labels", { nodeLabels: Object.fromEntries(Object.entries(labels).reverse()) }],
    ["taints", { nodeTaints: [...nodeTaints].reverse() }],
  ])("of %s", (_, another) => {
    const one = clusterOf([ALPHARD, { ...MIZAR, ...mizar }]);
    expect(clusterOf([ALPHARD, { ...MIZAR, ...mizar, ...another }])).toEqual(one);
    expect(one.faults).toEqual([]);
  });

  test("of nodes", () => {
    expect(clusterOf([...FIVE_NODES].reverse())).toEqual(clusterOf(FIVE_NODES));
  });

  test("of labels that a region adds", () => {
    const [, node] = clusterOf([ALPHARD, { ...MIZAR, nodeLabels: { zz: "1" } }]).cluster.nodes;
    expect(labelsOf({ k3s: REFERENCE.k3s } as Cluster, node as Node)).toEqual(["zz=1"]);
    expect(labelsOf(settings as unknown as Cluster, node as Node)).toEqual([
      "topology.kubernetes.io/region=home",
      "topology.kubernetes.io/zone=pve",
      "zz=1",
    ]);
  });
});

test.each<[string, Partial<ClusterSettings>]>([
  [
    "two registries",
    {
      k3s: {
        ...REFERENCE.k3s,
        registries: [
          { registry: "docker.io", mirrors: ["https://mirror.example.org"] },
          { registry: "ghcr.io", mirrors: ["https://mirror.example.org"] },
        ],
      },
    },
  ],
  [
    "UEFI without a disk of a boot loader",
    {
      nixos: {
        ...REFERENCE.nixos,
        firmware: "uefi",
        bootDisk: undefined,
        efiSystemPartition: "1A2B-3C4D",
      },
    },
  ],
  [
    "a copy of the template on each PVE node, and no template for all",
    {
      vm: { ...REFERENCE.vm, templateVmId: undefined },
      pve: {
        nodes: {
          pve: {
            cores: 16,
            memoryMib: 65_536,
            datastores: { "Cesspool-VM": { sizeGib: 900 } },
            bridges: ["vmbr0"],
            templateVmId: 9000,
          },
        },
      },
    },
  ],
])("%s is not a fault", (_, settings) => {
  expect(resolved({ ...REFERENCE, ...settings }, FIVE_NODES, OPERATOR_KEY).faults).toEqual([]);
});

test("a cluster in which everything is stated", () => {
  const { tokenPath, agentTokenPath, s3Path, backup, build } = every.stated(every.rollout("secrets"));
  const { cluster, faults } = resolved(
    {
      ...every.stated(every.cluster("keys")),
      apiEndpoint: undefined, // it excludes 'apiVip'
      network: { ...every.stated(every.NETWORK), operatorNetworkWaived: false },
      nixos: { ...every.stated(every.NIXOS), ...every.stated(every.CLUSTER_NIXOS) },
      k3s: { ...every.stated(every.K3S), ...every.WITHOUT_SERVICE_LB, manifests: ["manifests/one.yaml"] },
      firewall: every.stated(every.FIREWALL),
      rollout: { tokenPath, agentTokenPath, s3Path, backup, build },
      vm: {},
      pve: {
        ...every.stated(every.PVE),
        nodes: { pve1: { ...every.stated(every.PVE_NODE), bridges: ["vmbr0", "vmbr1"] } },
        ha: undefined, // it needs a second PVE node
      },
    },
    [
      server("k3s-server", "alphard", 134, { ...SMALL, disks: [every.FIRST_DISK] }),
      {
        ...every.stated(every.VM),
        ...every.stated(every.NODE),
        pveNode: "pve1",
        id: "k3s-agent",
        role: "agent",
      },
    ],
    OPERATOR_KEY,
    { places: new Map(), isReadable: true },
  );
  expect(faults).toEqual([]);
  expect(cluster).toMatchSnapshot();
});
