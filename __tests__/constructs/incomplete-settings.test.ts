/** `tsx` runs `main.ts` without checking types, so what the compiler would refuse arrives here. */
import { TerraformStack, Testing } from "cdktf";
import type { ClusterSettings } from "../../src/config/settings";
import { addCluster, ALPHARD, MIZAR, REFERENCE, testApp, type Json, type TestNode } from "../fixture";

const NODE: TestNode = {
  ...MIZAR,
  disks: [{ interface: "scsi0", datastore: "d", sizeGib: 32 }],
  networkInterfaces: [{ bridge: "vmbr0" }],
  startup: { order: 1 },
  nixos: { rootFilesystem: { uuid: REFERENCE.nixos.rootFilesystem.uuid } },
};

const SETTINGS: ClusterSettings = {
  ...REFERENCE,
  k3s: { ...REFERENCE.k3s, nodePorts: { from: 30000, to: 32767 } },
};

/** Every way to leave one key out of an object, at any depth, with the key's path. */
function* gaps(value: Json, path: string[] = []): Generator<[path: string, spoilt: Json]> {
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) {
    const without = Array.isArray(value) ? [...value] : { ...value };
    delete without[key];
    yield [[...path, key].join("."), without];
    for (const [at, spoilt] of gaps(value[key], [...path, key])) {
      const copy = Array.isArray(value) ? [...value] : { ...value };
      copy[key] = spoilt;
      yield [at, copy];
    }
  }
}

/** Settings with a default, or whose parts are named when they are missing. Every other one is named when it is missing. */
const OPTIONAL =
  /^(network\.macAddressBase|network\.macAddressBase\..*|k3s\.nodePorts|disks|networkInterfaces|startup|nixos|nixos\.rootFilesystem|network|vm)$/;

test.each([...gaps(SETTINGS)].filter(([path]) => !/\.\d+$/.test(path)))(
  "a cluster without %s is a fault, not an exception",
  (path, settings) => {
    const cluster = addCluster(testApp(), [ALPHARD, MIZAR], settings);
    const faults = cluster.node.validate();
    expect(() => Testing.synth(TerraformStack.of(cluster))).not.toThrow();
    if (!OPTIONAL.test(path)) expect(faults.join("\n")).toContain(path.split(".").pop());
  },
);

test.each([...gaps(NODE)].filter(([path]) => !/\.\d+$|^(id|role)$/.test(path)))(
  "a node without %s is a fault, not an exception",
  (path, node) => {
    const cluster = addCluster(testApp(), [ALPHARD, node]);
    const faults = cluster.node.validate();
    expect(() => Testing.synth(TerraformStack.of(cluster))).not.toThrow();
    if (!OPTIONAL.test(path)) expect(faults.join("\n")).toContain(path.split(".").pop());
  },
);
