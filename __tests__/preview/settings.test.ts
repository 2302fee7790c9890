import schema from "../../schemas/cluster.schema.json";
import { CLUSTER_EFFECTS, compareSettings, NODE_EFFECTS } from "../../src/preview/settings";
import type { Json } from "../fixture";

/** Paths of the settings that an object of the schema may have. A list counts as one. */
const leavesOf = ({ properties }: Json, prefix = ""): string[] =>
  Object.entries(properties as Record<string, Json>).flatMap(([name, kind]) =>
    kind.properties === undefined ? [`${prefix}${name}`] : leavesOf(kind, `${prefix}${name}.`),
  );

test("every setting of the cluster has its effect, and no other", () => {
  expect(Object.keys(CLUSTER_EFFECTS).sort()).toEqual(leavesOf(schema.properties.cluster).sort());
});

test("every setting of a node has its effect, but for those of its VM, which OpenTofu knows", () => {
  const settings = leavesOf(schema.properties.nodes.items).filter((path) => !path.startsWith("vm."));
  // Of the VM's settings OpenTofu knows everything but what only the host does.
  expect(Object.keys(NODE_EFFECTS).sort()).toEqual([...settings, "mounts", "interfaces", "networks"].sort());
});

test("what a PVE node has is known by the group that it is in", () => {
  const pve = (cores: number) => ({ pve: { nodes: { pve1: { cores } } } });
  expect(compareSettings(pve(8), pve(16), CLUSTER_EFFECTS)).toMatchObject([
    { setting: "pve.nodes.pve1.cores", effect: CLUSTER_EFFECTS["pve.nodes"] },
  ]);
});

test("a mount of a disk is a change of the host, and a danger", () => {
  const disk = { interface: "scsi1", datastore: "local-lvm", sizeGib: 8 };
  const mounted = { ...disk, mount: { path: "/srv/data", filesystem: "ext4", options: [] } };
  const change = (before: object, after: object) =>
    compareSettings({ vm: { disks: [before] } }, { vm: { disks: [after] } }, NODE_EFFECTS);
  expect(change(disk, { ...disk, sizeGib: 9 })).toEqual([]);
  expect(change(mounted, mounted)).toEqual([]);
  expect(change(disk, mounted)).toMatchObject([
    {
      setting: "mounts",
      before: undefined,
      after: { scsi1: { path: "/srv/data" } },
      effect: { danger: true },
    },
  ]);
});

test("a named interface is a change of the host with a reboot, and another address of it without", () => {
  const nic = { bridge: "vmbr1", name: "storage0", macAddress: "06:24:11:B3:ED:03" };
  const change = (before: object, after: object) =>
    compareSettings(
      { vm: { networkInterfaces: [before] } },
      { vm: { networkInterfaces: [after] } },
      NODE_EFFECTS,
    ).map(({ setting, effect }) => [setting, effect.reboot === true]);
  expect(change({ bridge: "vmbr1" }, { bridge: "vmbr2" })).toEqual([]);
  expect(change({ bridge: "vmbr1" }, nic)).toEqual([
    ["interfaces", true],
    ["networks", false],
  ]);
  expect(change(nic, { ...nic, mtu: 9000 })).toEqual([["interfaces", true]]);
  expect(change(nic, { ...nic, address: { network: "198.18.0.0/24" } })).toEqual([["networks", false]]);
});

test("a changed source of the join token is dangerous, and the first one is not", () => {
  const dangers = (before: object, after: object): boolean[] =>
    compareSettings({ rollout: before }, { rollout: after }, CLUSTER_EFFECTS).map(
      ({ effect }) => effect.danger === true,
    );
  expect(dangers({}, { tokenPath: "token" })).toEqual([false]);
  expect(dangers({ tokenPath: "token" }, { tokenPath: "other" })).toEqual([true]);
  expect(dangers({ tokenPath: "token" }, { tokenCommand: ["sops"] })).toEqual([true, false]);
});
