/**
 * Makes the plans of this folder, with the real provider and without any Proxmox VE; README.md says how.
 *
 *   npx tsx __tests__/gate/plans/make.ts <tofu or terraform> <folder of the provider> <folder of plans> [name...]
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { SCENARIOS, VM, type Json } from "./scenarios";

const [binary = "tofu", providers = ".", target = ".", ...names] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "plans-"));
const ENVIRONMENT = {
  ...process.env,
  TF_CLI_CONFIG_FILE: join(folder, "cli.tfrc"),
  TF_VAR_proxmox_node: "pve",
  PROXMOX_VE_ENDPOINT: "https://pve.example.org:8006/",
  PROXMOX_VE_API_TOKEN: "terraform@pve!k3s=00000000-0000-0000-0000-000000000000",
};

const run = (...words: string[]) =>
  spawnSync(binary, words, { cwd: folder, env: ENVIRONMENT, encoding: "utf8", maxBuffer: 1 << 28 });

/** What a plan says, or why there is none. */
function planned(config: Json, state: Json | undefined, words: readonly string[] = []): Json {
  writeFileSync(join(folder, "main.tf.json"), JSON.stringify(config));
  for (const name of ["terraform.tfstate", "plan"]) rmSync(join(folder, name), { force: true });
  if (state) writeFileSync(join(folder, "terraform.tfstate"), JSON.stringify(state));
  const { stdout, stderr } = run(
    "plan",
    "-no-color",
    "-input=false",
    "-refresh=false",
    "-out=plan",
    ...words,
  );
  const shown = run("show", "-json", "plan");
  if (shown.status !== 0) throw new Error(`${stdout}${stderr}${shown.stderr}`);
  return JSON.parse(shown.stdout);
}

/** The cluster of main.ts, without what would be asked of Proxmox VE, and without what stops a destruction. */
function reference(): Json {
  execFileSync("npx", ["tsx", "main.ts"], {
    env: { ...process.env, CDKTF_OUTDIR: join(folder, "out"), HOST_FILES_CHECK: "1" },
  });
  const config = JSON.parse(readFileSync(join(folder, "out", "stacks", "k3s", "cdk.tf.json"), "utf8"));
  for (const name of ["data", "check", "locals"]) delete config[name];
  delete config.terraform.backend;
  for (const vm of Object.values<Json>(config.resource[VM])) delete vm.lifecycle.prevent_destroy;
  return config;
}

/** As if this plan had been applied. */
function stateOf({ planned_values, terraform_version }: Json): Json {
  return {
    version: 4,
    terraform_version,
    serial: 1,
    lineage: "00000000-0000-0000-0000-000000000000",
    outputs: planned_values.outputs,
    resources: planned_values.root_module.resources.map(({ type, name, provider_name, values }: Json) => ({
      mode: "managed",
      type,
      name,
      provider: `provider["${provider_name}"]`,
      instances: [{ schema_version: 0, attributes: { ...values, ...readBack(values) } }],
    })),
  };
}

/** What only the provider knows, after it has read the VM. */
const readBack = (vm: Json): Json => ({
  id: String(vm.vm_id),
  boot_order: ["scsi0"],
  hotplug: "network,disk,usb",
  ipv4_addresses: [["127.0.0.1"], [`172.22.0.${vm.vm_id}`]],
  ipv6_addresses: [["::1"], []],
  mac_addresses: ["00:00:00:00:00:00", vm.network_device[0].mac_address],
  network_interface_names: ["lo", "ens18"],
  vga: [],
  disk: vm.disk.map((disk: Json) => ({
    ...disk,
    file_format: "raw",
    path_in_datastore: `vm-${vm.vm_id}-disk-0`,
  })),
});

/** Without what the gate does not read. What stays as it is, is shown by a few plans. */
function minimized(plan: Json, whole: boolean): Json {
  for (const name of ["planned_values", "configuration", "relevant_attributes", "resource_drift"])
    delete plan[name];
  for (const resource of plan.prior_state?.values?.root_module.resources ?? []) {
    for (const name of Object.keys(resource))
      if (name !== "address" && name !== "mode") delete resource[name];
  }
  if (whole || plan.errored === undefined) return plan;
  const changes = ({ change, previous_address }: Json): boolean =>
    change.actions[0] !== "no-op" || change.importing || previous_address;
  return { ...plan, resource_changes: plan.resource_changes?.filter(changes) };
}

const overrides = `dev_overrides {
  "bpg/proxmox" = ${JSON.stringify(resolve(providers))}
}`;
writeFileSync(ENVIRONMENT.TF_CLI_CONFIG_FILE, `provider_installation {\n${overrides}\ndirect {}\n}\n`);
mkdirSync(target, { recursive: true });
const base = reference();
const state = stateOf(planned(base, undefined));
for (const name of names.length > 0 ? names : Object.keys(SCENARIOS)) {
  const [config, former] = structuredClone([base, state]);
  const { words, whole = false } = SCENARIOS[name]?.(config, former) ?? {};
  const plan = minimized(planned(config, former.resources.length > 0 ? former : undefined, words), whole);
  writeFileSync(join(target, `${name}.json`), JSON.stringify(plan));
  const actions = plan.resource_changes?.map(({ name, change }: Json) => `${name} ${change.actions}`);
  console.log(`${name}: ${actions?.join("; ")}`);
}
rmSync(folder, { recursive: true });
execFileSync("npx", ["prettier", "--write", target], { stdio: "ignore" });
