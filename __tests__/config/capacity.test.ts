import {
  asOne,
  memoryForVms,
  obstaclesTo,
  sharedShortages,
  shortagesOn,
  type Placed,
} from "../../src/config/capacity";
import type { Pve } from "../../src/config/model";

const NODE: Pve["nodes"][string] = {
  cores: 10,
  memoryMib: 10_240,
  reservedMib: 240,
  datastores: {
    fast: { sizeGib: 100, shared: false, zfs: false },
    ceph: { sizeGib: 100, shared: true, zfs: false },
  },
  bridges: ["vmbr0"],
};

const pveWith = (cpu: number, memory: number, disk: number) => ({
  nodes: { pve: NODE },
  overcommit: { cpu, memory, disk },
});

const vm = (more: object = {}): Placed =>
  ({
    vm: {
      cores: 2,
      sockets: 3,
      memoryMib: 4000,
      disks: [
        { datastore: "fast", sizeGib: 30 },
        { datastore: "fast", sizeGib: 20 },
        { datastore: "ceph", sizeGib: 40 },
      ],
      networkInterfaces: [{ bridge: "vmbr0" }],
      ...more,
    },
  }) as unknown as Placed;

test("VMs take their cores of each socket, their memory, and all their disks on a datastore", () => {
  expect(asOne([vm(), vm()])).toEqual({
    vm: {
      cores: 12,
      sockets: 1,
      memoryMib: 8000,
      disks: [
        { datastore: "fast", sizeGib: 100 },
        { datastore: "ceph", sizeGib: 80 },
      ],
    },
  });
});

test("a PVE node may promise more than it has, as far as is stated, but not of what is shared", () => {
  const vms = [vm(), vm(), vm()];
  const pve = pveWith(0.5, 0.5, 0.5);
  expect(memoryForVms(NODE)).toBe(10_000);
  expect(shortagesOn("pve", pve, vms)).toEqual([
    { at: "pve", of: "cores", wanted: 18, room: 5 },
    { at: "pve", of: "memory", wanted: 12_000, room: 5000 },
    { at: "pve", of: "disk", datastore: "fast", wanted: 150, room: 50 },
  ]);
  expect(sharedShortages(pve, vms)).toEqual([
    { at: "ceph", of: "disk", datastore: "ceph", wanted: 120, room: 50 },
  ]);
  expect(shortagesOn("pve", pveWith(1.8, 1.2, 1.5), vms)).toEqual([]);
  expect(sharedShortages(pveWith(1, 1, 1.2), vms)).toEqual([]);
});

test("each thing that a PVE node never has is named once, and what only OpenTofu knows is taken to be there", () => {
  const disks = [{ datastore: "slow" }, { datastore: "slow" }, { datastore: "var.fast" }];
  const networkInterfaces = [{ bridge: "vmbr1" }, { bridge: "slow" }, { bridge: "vmbr1" }];
  const found = obstaclesTo(
    vm({ disks, networkInterfaces, cloneDatastore: "old", cores: 11, sockets: 1 }),
    NODE,
  );
  expect(found).toEqual([
    { lacks: "bridge", what: "vmbr1" },
    { lacks: "bridge", what: "slow" },
    { lacks: "datastore", what: "slow" },
    { lacks: "datastore", what: "old" },
    { lacks: "cores", what: "10" },
  ]);
  expect(obstaclesTo(vm({ cores: 10, sockets: 1 }), NODE)).toEqual([]);
});
