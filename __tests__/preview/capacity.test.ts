import type { Pve } from "../../src/config/model";
import { PveSchema } from "../../src/config/settings";
import { withDefaults } from "../../src/config/validation";
import { compareCapacity } from "../../src/preview/capacity";
import type { ClusterJson } from "../../src/render/cluster-json";

const PVE_NODE = { cores: 16, memoryMib: 18_432, datastores: { fast: { sizeGib: 100 } }, bridges: ["vmbr0"] };
const TWO = { pve1: PVE_NODE, pve2: PVE_NODE };

const pve = (nodes: Pve["nodes"] | typeof TWO = TWO): Pve => withDefaults(PveSchema, { nodes });

/** A cluster with a VM of that memory on each of the PVE nodes. */
const cluster = (
  memories: Readonly<Record<string, number>>,
  settings: Pve | undefined = pve(),
): ClusterJson =>
  ({
    cluster: { pve: settings },
    nodes: Object.entries(memories).map(([pveNode, memoryMib], index) => ({
      vmId: 101 + index,
      role: "agent",
      vm: {
        pveNode,
        memoryMib,
        cores: 2,
        sockets: 1,
        disks: [{ interface: "scsi0", datastore: "fast", sizeGib: 32 }],
        networkInterfaces: [{ bridge: "vmbr0" }],
      },
    })),
  }) as unknown as ClusterJson;

test("a change by which the loss of a PVE node costs room that there was is told", () => {
  expect(compareCapacity(cluster({ pve1: 8192, pve2: 8192 }), cluster({ pve1: 8192, pve2: 12_288 }))).toEqual(
    [
      "If **pve1** fails, the other PVE nodes lack 4096 MiB of memory for its VMs; so far they have room for its VMs",
      "If **pve2** fails, the other PVE nodes lack 4096 MiB of memory for its VMs; so far they have room for its VMs",
    ],
  );
});

test("one that makes it worse says from what, and one that makes it better says nothing", () => {
  const [much, more] = [cluster({ pve1: 12_288, pve2: 8192 }), cluster({ pve1: 12_288, pve2: 10_240 })];
  expect(compareCapacity(much, more)[0]).toBe(
    "If **pve1** fails, the other PVE nodes lack 6144 MiB of memory for its VMs; so far they lack 4096 MiB of memory for its VMs",
  );
  expect(compareCapacity(more, much)).toEqual([]);
  expect(compareCapacity(more, more)).toEqual([]);
});

test("a VM that no other PVE node could run is told", () => {
  const without = pve({ pve1: PVE_NODE, pve2: { ...PVE_NODE, bridges: [] } } as typeof TWO);
  expect(compareCapacity(cluster({ pve1: 4096 }), cluster({ pve1: 4096 }, without))).toEqual([
    "If **pve1** fails, the other PVE nodes cannot run 1 VM of it; so far they have room for its VMs",
  ]);
});

test("nothing is said of a base that does not state its PVE nodes", () => {
  expect(
    compareCapacity(
      { ...cluster({ pve1: 16_384 }), cluster: {} } as ClusterJson,
      cluster({ pve1: 16_384, pve2: 16_384 }),
    ),
  ).toEqual([]);
});
