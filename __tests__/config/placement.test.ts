import fc from "fast-check";
import { memoryForVms, obstaclesTo, shortagesOn, zfsArcMib } from "../../src/config/capacity";
import type { Pve } from "../../src/config/model";
import { place, type Placeable, type Places } from "../../src/config/placement";
import { PveSchema } from "../../src/config/settings";
import { withDefaults } from "../../src/config/validation";

const CLUSTERS = 10_000;

const DATASTORES = ["fast", "slow", "ceph"];
const BRIDGES = ["vmbr0", "vmbr1"];

const pveNode = fc.record({
  cores: fc.constantFrom(4, 8, 16, 64),
  memoryMib: fc.constantFrom(8192, 16_384, 65_536),
  datastores: fc.subarray(DATASTORES, { minLength: 1 }),
  bridges: fc.subarray(BRIDGES, { minLength: 1 }),
});

const pveOf = fc
  .record({
    nodes: fc.array(pveNode, { minLength: 1, maxLength: 6 }),
    spread: fc.constantFrom("servers" as const, "all" as const),
  })
  .map(({ nodes, spread }): Pve =>
    withDefaults(PveSchema, {
      spread,
      nodes: Object.fromEntries(
        nodes.map(({ datastores, ...each }, index) => [
          `pve${index + 1}`,
          {
            ...each,
            datastores: Object.fromEntries(
              datastores.map((name) => [name, { sizeGib: 200, shared: name === "ceph" }]),
            ),
          },
        ]),
      ),
    }),
  );

const nodeOf = fc.record({
  vmId: fc.integer({ min: 100, max: 400 }),
  isServer: fc.boolean(),
  cores: fc.constantFrom(1, 2, 8),
  memoryMib: fc.constantFrom(2048, 4096, 16_384),
  datastore: fc.constantFrom(...DATASTORES),
  bridge: fc.constantFrom(...BRIDGES),
  pin: fc.option(fc.integer({ min: 1, max: 8 }), { freq: 4 }),
});

type Sketch = typeof nodeOf extends fc.Arbitrary<infer T> ? T : never;

const nodeFrom = (
  { vmId, isServer, cores, memoryMib, datastore, bridge, pin }: Sketch,
  pve: Pve,
): Placeable => {
  const pinned = pin !== null && `pve${pin}` in pve.nodes ? { pveNode: `pve${pin}` } : {};
  return {
    vmId,
    role: isServer ? "server" : "agent",
    vm: {
      cores,
      sockets: 1,
      memoryMib,
      disks: [{ interface: "scsi0", datastore, sizeGib: 32 }],
      networkInterfaces: [{ bridge }],
      ...pinned,
    },
  } as unknown as Placeable;
};

const clusterOf = fc
  .tuple(pveOf, fc.uniqueArray(nodeOf, { selector: ({ vmId }) => vmId, minLength: 1, maxLength: 10 }))
  .map(([pve, sketches]) => ({ pve, nodes: sketches.map((sketch) => nodeFrom(sketch, pve)) }));

const NOTHING: Places = new Map();

const text = (places: Places): string => JSON.stringify([...places].sort(([a], [b]) => a - b));

const isPinned = ({ vm }: Placeable): boolean => (vm.pveNode as string | undefined) !== undefined;

/** The promises, each true of every cluster. `pick` chooses what goes or comes. */
const PROMISES: Readonly<Record<string, (pve: Pve, nodes: readonly Placeable[], pick: number) => boolean>> = {
  "the order in main.ts does not matter": (pve, nodes) =>
    text(place(pve, [...nodes].reverse(), NOTHING)) === text(place(pve, nodes, NOTHING)),

  "adding a node moves no other, and removing it moves none": (pve, nodes, pick) => {
    const other = nodes[pick % nodes.length];
    const others = nodes.filter((node) => node !== other);
    const before = place(pve, others, NOTHING);
    const between = place(pve, nodes, before);
    return (
      [...before].every(([vmId, where]) => between.get(vmId) === where) &&
      text(place(pve, others, between)) === text(before)
    );
  },

  "a PVE node that goes moves only its own, and one that comes moves none": (pve, nodes, pick) => {
    const names = Object.keys(pve.nodes);
    const gone = names[pick % names.length];
    const left = Object.fromEntries(Object.entries(pve.nodes).filter(([name]) => name !== gone));
    const before = place(pve, nodes, NOTHING);
    const between = place({ ...pve, nodes: left }, nodes, before);
    const after = place(pve, nodes, between);
    return (
      [...before].every(([vmId, where]) => where === gone || between.get(vmId) === where) &&
      [...between].every(([vmId, where]) => after.get(vmId) === where)
    );
  },

  "a VM is only where its bridges, datastores and cores are, and nowhere only if they are nowhere": (
    pve,
    nodes,
  ) => {
    const places = place(pve, nodes, NOTHING);
    return nodes
      .filter((node) => !isPinned(node))
      .every((node) => {
        const possible = Object.keys(pve.nodes).filter((name) => canRun(node, name, pve));
        const where = places.get(node.vmId);
        return where === undefined ? possible.length === 0 : possible.includes(where);
      });
  },

  "servers that can run on the same PVE nodes meet only where each of these has as many": (pve, nodes) => {
    const places = place(pve, nodes, NOTHING);
    const servers = nodes.filter(({ role }) => role === "server");
    const possible = (node: Placeable): string[] =>
      Object.keys(pve.nodes).filter((name) => canRun(node, name, pve));
    const open = servers.filter((node) => !isPinned(node) && places.has(node.vmId));
    if (new Set(open.map((node) => possible(node).join())).size !== 1) return true;
    const on = (where: string | undefined): number =>
      servers.filter(({ vmId }) => places.get(vmId) === where).length;
    return open.every((server) =>
      possible(server).every((name) => on(name) >= on(places.get(server.vmId)) - 1),
    );
  },

  "an agent strains a PVE node only if it would strain each": (stated, nodes) => {
    const pve: Pve = { ...stated, spread: "servers" };
    const last = nodes
      .filter((node) => node.role === "agent" && !isPinned(node))
      .sort(byTurn)
      .at(-1);
    const places = place(pve, nodes, NOTHING);
    const where = last && places.get(last.vmId);
    if (last === undefined || where === undefined) return true;
    const strains = (name: string): boolean => {
      const there = nodes.filter((node) => node !== last && places.get(node.vmId) === name);
      return shortagesOn(name, pve, [...there, last]).length > 0;
    };
    return (
      !strains(where) || Object.keys(pve.nodes).every((name) => !canRun(last, name, pve) || strains(name))
    );
  },
};

const canRun = (node: Placeable, name: string, pve: Pve): boolean => {
  const pveNode = pve.nodes[name];
  return pveNode !== undefined && obstaclesTo(node, pveNode).length === 0;
};

/** Agents are placed in this order. */
const byTurn = (a: Placeable, b: Placeable): number => b.vm.memoryMib - a.vm.memoryMib || a.vmId - b.vmId;

test(`of ${CLUSTERS} clusters, each keeps every promise`, () => {
  const broken = ({ pve, nodes }: { pve: Pve; nodes: Placeable[] }, pick: number): string[] =>
    Object.keys(PROMISES).filter((promise) => PROMISES[promise]?.(pve, nodes, pick) !== true);
  fc.assert(
    fc.property(clusterOf, fc.nat(), (cluster, pick) => {
      const promises = broken(cluster, pick);
      // `expect` for each cluster would take most of the time.
      if (promises.length > 0) throw new Error(promises.join("\n"));
    }),
    { numRuns: CLUSTERS },
  );
});

const placed = (places: Places): [number, string][] => [...places].sort(([a], [b]) => a - b);

const vm = (vmId: number, memoryMib: number, role: "server" | "agent" = "agent"): Placeable =>
  ({
    vmId,
    role,
    vm: { cores: 1, sockets: 1, memoryMib, disks: [], networkInterfaces: [] },
  }) as unknown as Placeable;

const pveWith = (spread: "servers" | "all", ...memories: number[]): Pve =>
  withDefaults(PveSchema, {
    spread,
    nodes: Object.fromEntries(
      memories.map((memoryMib, index) => [
        `pve${index + 1}`,
        { cores: 64, memoryMib, datastores: { a: { sizeGib: 1 } }, bridges: ["vmbr0"] },
      ]),
    ),
  });

test("agents go where most memory is left, and with spread all where the fewest nodes are", () => {
  const agents = [vm(101, 4096), vm(102, 4096), vm(103, 4096)];
  expect(placed(place(pveWith("servers", 65_536, 16_384), agents, NOTHING))).toEqual([
    [101, "pve1"],
    [102, "pve1"],
    [103, "pve1"],
  ]);
  expect(placed(place(pveWith("all", 65_536, 16_384), agents, NOTHING))).toEqual([
    [101, "pve1"],
    [102, "pve2"],
    [103, "pve1"],
  ]);
});

test("250 nodes are placed on 20 PVE nodes in less than two seconds", () => {
  const nodes = Array.from({ length: 250 }, (_, index) =>
    vm(200 + index, 4096, index < 5 ? "server" : "agent"),
  );
  const begin = performance.now();
  expect(place(pveWith("all", ...Array.from({ length: 20 }, () => 65_536)), nodes, NOTHING).size).toBe(250);
  expect(performance.now() - begin).toBeLessThan(2000);
});

test("ZFS takes a tenth of the memory and at most 16 GiB, unless stated", () => {
  const node = { cores: 8, memoryMib: 65_536, bridges: [], reservedMib: 2048 };
  const zfs = { "local-zfs": { sizeGib: 1, zfs: true } };
  expect(zfsArcMib({ ...node, datastores: zfs })).toBe(6553);
  expect(zfsArcMib({ ...node, memoryMib: 524_288, datastores: zfs })).toBe(16_384);
  expect(zfsArcMib({ ...node, datastores: { ceph: { sizeGib: 1 } } })).toBe(0);
  expect(memoryForVms({ ...node, zfsArcMib: 8192, datastores: zfs })).toBe(65_536 - 2048 - 8192);
});

test("a server that few PVE nodes can run is placed before one that more can, whatever their VM IDs", () => {
  const pve = pveWith("servers", 65_536, 16_384);
  const big = {
    ...vm(102, 4096, "server"),
    vm: { ...vm(102, 4096).vm, networkInterfaces: [{ bridge: "vmbr1" }] },
  };
  const nodes = {
    ...pve.nodes,
    pve1: { ...(pve.nodes.pve1 as Pve["nodes"][string]), bridges: ["vmbr0", "vmbr1"] },
  };
  expect(placed(place({ ...pve, nodes }, [vm(101, 4096, "server"), big as Placeable], NOTHING))).toEqual([
    [101, "pve2"],
    [102, "pve1"],
  ]);
});
