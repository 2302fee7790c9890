/** Every setting of Proxmox VE has an effect on where VMs are, on what OpenTofu makes, or on the faults of a synth. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HostFiles } from "../../constructs";
import type { PveSettings } from "../../src/config/settings";
import { addCluster, agent, inside, REFERENCE, server, temporaryFolder, testApp } from "../fixture";
import * as every from "./every-setting";

const NODES = [
  ...[0, 1, 2].map((index) =>
    server(`s${index}`, `server-${index}`, 134 + index, { clusterInit: index === 0 }),
  ),
  ...[3, 4, 5].map((index) => agent(`a${index}`, `agent-${index}`, 134 + index)),
];

/** OpenTofu's resources, or the faults. `cluster.json` has every setting, whether or not it has another effect. */
function outcomeOf(pve: PveSettings): string {
  return inside(temporaryFolder(), () => {
    const app = testApp();
    const disks = [{ interface: "scsi0", datastore: "fast", sizeGib: 32 }];
    const vm = { ...REFERENCE.vm, pveNode: undefined, memoryMib: 8192, disks };
    const cluster = addCluster(app, NODES, { ...REFERENCE, vm, pve });
    const files = new HostFiles(cluster, "nix");
    const faults = [cluster, files].flatMap(({ node }) => node.validate());
    if (faults.length > 0) return JSON.stringify(faults);
    app.synth();
    const json = JSON.parse(readFileSync(join(app.outdir, "stacks", "k3s", "cdk.tf.json"), "utf8")) as object;
    return JSON.stringify((json as { resource: object }).resource);
  });
}

type AnyPairs = Readonly<Record<string, readonly [unknown, unknown, object?]>>;

const PLACES: readonly [string, AnyPairs, (change: object) => PveSettings][] = [
  ["Proxmox VE", every.PVE, (change) => ({ ...every.stated(every.PVE), ...change })],
  [
    "overcommit",
    every.OVERCOMMIT,
    (change) => withPve({ overcommit: { ...every.stated(every.OVERCOMMIT), ...change } }),
  ],
  [
    "a PVE node",
    every.PVE_NODE,
    (change) => withPve({ nodes: { ...every.PVE_NODES, pve1: { ...every.PVE_NODES.pve1, ...change } } }),
  ],
  [
    "a datastore",
    every.PVE_DATASTORE,
    (change) => {
      const datastores = { fast: { ...every.stated(every.PVE_DATASTORE), ...change } };
      return withPve({
        nodes: { ...every.PVE_NODES, pve1: { ...every.PVE_NODES.pve1, zfsArcMib: undefined, datastores } },
      });
    },
  ],
];

const withPve = (change: object): PveSettings => ({ ...every.stated(every.PVE), ...change });

const CASES = PLACES.flatMap(([noun, pairs, stating]) =>
  Object.entries(pairs).map(
    ([setting, pair]) => [`'${setting}' of ${noun}`, setting, pair, stating] as const,
  ),
);

test.each(CASES)("another value of %s has an effect", (_, setting, [one, other], stating) => {
  const first = outcomeOf(stating({ [setting]: one }));
  expect(first).toContain("proxmox_virtual_environment_vm");
  expect(outcomeOf(stating({ [setting]: other }))).not.toBe(first);
});
