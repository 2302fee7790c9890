import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FLOOR, installProduct, synth, type App } from "../../../testbed/bench/synth";
import { REPOSITORY, temporaryFolder, type Json } from "../../fixture";

const NODES = 5; // servers, and agents that depend on them

/** From source, as the bench runs the package. */
const PRODUCT: App = { ...FLOOR, script: join(REPOSITORY, "testbed/bench/product.ts") };

async function vmsOf(app: App): Promise<Json> {
  const folder = temporaryFolder();
  const { memory } = await synth(app, NODES, folder);
  expect(memory).toBeGreaterThan(10); // reported by the app, in MiB
  expect(memory).toBeLessThan(1000);
  const json: Json = JSON.parse(readFileSync(join(folder, "cdktf.out/stacks/k3s/cdk.tf.json"), "utf8"));
  const vms: Record<string, Json> = json.resource.proxmox_virtual_environment_vm;
  // CDKTF's metadata with the construct's path.
  return Object.fromEntries(Object.entries(vms).map(([name, vm]) => [name, { ...vm, "//": undefined }]));
}

test("the floor makes the same VMs as the product, with the same arguments", async () => {
  const [floor, product] = await Promise.all([vmsOf(FLOOR), vmsOf(PRODUCT)]);
  expect(Object.keys(floor)).toHaveLength(NODES);
  expect(floor).toEqual(product);
}, 60_000);

test("an app that fails is an error with its own message, not a fast run", async () => {
  await expect(synth(PRODUCT, 0, temporaryFolder())).rejects.toThrow("the cluster has no server");
}, 60_000);

test("the bench's product runs from the packed package", async () => {
  const folder = temporaryFolder();
  const { memory } = await synth(installProduct(folder), NODES, folder);
  expect(memory).toBeGreaterThan(10);
  expect(readFileSync(join(folder, "nix", "cluster.json"), "utf8")).toContain("star-4");
});
