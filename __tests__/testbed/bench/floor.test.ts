import { readFileSync } from "node:fs";
import { join } from "node:path";
import { synth } from "../../../testbed/bench/synth";
import { temporaryFolder, type Json } from "../../fixture";

const NODES = 5; // servers, and agents that depend on them

async function vmsOf(app: "floor" | "product"): Promise<Json> {
  const folder = temporaryFolder();
  const { memory } = await synth(app, NODES, folder);
  expect(memory).toBeGreaterThan(10); // it is the app that reported, and in MiB
  expect(memory).toBeLessThan(1000);
  const json: Json = JSON.parse(readFileSync(join(folder, "cdktf.out/stacks/k3s/cdk.tf.json"), "utf8"));
  const vms: Record<string, Json> = json.resource.proxmox_virtual_environment_vm;
  // CDKTF's own note of the construct's path.
  return Object.fromEntries(Object.entries(vms).map(([name, vm]) => [name, { ...vm, "//": undefined }]));
}

test("the floor makes the same VMs as the product, by the same arguments", async () => {
  const [floor, product] = await Promise.all([vmsOf("floor"), vmsOf("product")]);
  expect(Object.keys(floor)).toHaveLength(NODES);
  expect(floor).toEqual(product);
}, 60_000);

test("an app that fails is an error with its own words, not a quick run", async () => {
  await expect(synth("product", 0, temporaryFolder())).rejects.toThrow("there is no server");
}, 60_000);
