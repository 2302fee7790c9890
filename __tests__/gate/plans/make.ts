/**
 * Makes the plans of this folder, with the real provider and without any Proxmox VE; README.md says how.
 *
 *   npx tsx __tests__/gate/plans/make.ts <tofu or terraform> <folder of the provider> <folder of plans> [name... or --asking]
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { contextJson } from "../../../src/emit/app";
import { ASKING, SCENARIOS, VM, type Guest, type Json } from "./scenarios";

const [binary = "tofu", providers = ".", target = ".", ...names] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "plans-"));
const ENVIRONMENT = {
  ...process.env,
  TF_CLI_CONFIG_FILE: join(folder, "cli.tfrc"),
  TF_VAR_proxmox_node: "pve",
  PROXMOX_VE_ENDPOINT: "https://pve.example.org:8006/",
  PROXMOX_VE_INSECURE: "true",
  PROXMOX_VE_API_TOKEN: "terraform@pve!k3s=00000000-0000-0000-0000-000000000000",
};

const run = (...words: string[]) =>
  spawnSync(binary, words, { cwd: folder, env: ENVIRONMENT, encoding: "utf8", maxBuffer: 1 << 28 });

/** The content of a plan, or why there is no plan. */
function planned(config: Json, state: Json, words: readonly string[] = []): Json {
  writeFileSync(join(folder, "main.tf.json"), JSON.stringify(config));
  for (const name of ["terraform.tfstate", "plan"]) rmSync(join(folder, name), { force: true });
  if (state) writeFileSync(join(folder, "terraform.tfstate"), JSON.stringify(state));
  const { stdout, stderr } = run("plan", "-no-color", "-input=false", "-out=plan", ...words);
  const shown = run("show", "-json", "plan");
  if (shown.status !== 0) throw new Error(`${stdout}${stderr}${shown.stderr}`);
  return JSON.parse(shown.stdout);
}

/** The cluster of main.ts, without protection against destruction. */
function reference(): Json {
  execFileSync("npx", ["tsx", "main.ts"], {
    env: {
      ...process.env,
      CDKTF_OUTDIR: join(folder, "out"),
      CDKTF_CONTEXT_JSON: contextJson({}, { check: true }),
    },
  });
  const config = JSON.parse(readFileSync(join(folder, "out", "stacks", "k3s", "cdk.tf.json"), "utf8"));
  delete config.terraform.backend;
  for (const vm of Object.values<Json>(config.resource[VM])) delete vm.lifecycle.prevent_destroy;
  return config;
}

/** Removes what would be read from Proxmox VE. */
function unasked(config: Json): Json {
  for (const name of ["data", "check", "locals"]) delete config[name];
  return config;
}

/** The state after this plan has been applied. */
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

/** Attributes that only the provider knows, after it has read the VM. */
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

/** Removes what the gate does not read. Only a few plans keep unchanged resources. */
function minimized(plan: Json, whole: boolean): Json {
  for (const name of ["planned_values", "relevant_attributes"]) delete plan[name];
  // By this the gate recognizes a plan without changes, as `-refresh-only` makes one.
  if (plan.resource_changes === undefined) plan.planned_values = {};
  const stated = plan.configuration?.root_module.resources?.map(({ address, mode }: Json) => ({
    address,
    mode,
  }));
  plan.configuration = { root_module: { resources: stated } };
  plan.resource_drift = plan.resource_drift?.filter(({ change }: Json) => change.actions[0] === "delete");
  const known = plan.prior_state?.values?.root_module;
  for (const resource of known?.resources ?? []) {
    const kept = resource.mode === "data" ? ["address", "mode", "type", "values"] : ["address", "mode"];
    for (const name of Object.keys(resource)) if (!kept.includes(name)) delete resource[name];
  }
  if (whole || plan.errored === undefined) return plan;
  const changes = ({ change, previous_address }: Json): boolean =>
    change.actions[0] !== "no-op" || change.importing || previous_address;
  const stay = new Set(plan.resource_changes?.filter((one: Json) => !changes(one)).map(addressOf));
  for (const all of [known, plan.configuration.root_module])
    if (all) all.resources = all.resources?.filter((one: Json) => !stay.has(addressOf(one)));
  return { ...plan, resource_changes: plan.resource_changes?.filter(changes) };
}

const addressOf = ({ address }: Json): string => address;

/** Runs `use` while the API for the guests is up. */
async function withGuests<T>(guests: readonly Guest[], use: () => T): Promise<T> {
  const file = join(folder, "guests.json");
  writeFileSync(file, JSON.stringify(guests));
  const api = spawn("npx", ["tsx", join(__dirname, "api.ts"), folder, file], { detached: true });
  try {
    const [port] = await once(api.stdout, "data");
    ENVIRONMENT.PROXMOX_VE_ENDPOINT = `https://127.0.0.1:${String(port).trim()}/`;
    return use();
  } finally {
    if (api.pid !== undefined) process.kill(-api.pid);
  }
}

const overrides = `dev_overrides {
  "bpg/proxmox" = ${JSON.stringify(resolve(providers))}
}`;

async function main(): Promise<void> {
  writeFileSync(ENVIRONMENT.TF_CLI_CONFIG_FILE, `provider_installation {\n${overrides}\ndirect {}\n}\n`);
  const certificate = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=pve"];
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
  execFileSync("openssl", ["req", ...certificate, ...files], { stdio: "ignore" });
  mkdirSync(target, { recursive: true });
  const base = reference();
  const state = stateOf(planned(unasked(structuredClone(base)), undefined, ["-refresh=false"]));
  const all =
    names.length === 0 ? Object.keys(SCENARIOS) : names[0] === "--asking" ? Object.keys(ASKING) : names;
  for (const name of all) {
    const plan = await made(name, structuredClone(base), structuredClone(state));
    writeFileSync(join(target, `${name}.json`), JSON.stringify(plan));
    const actions = plan.resource_changes?.map(({ name, change }: Json) => `${name} ${change.actions}`);
    console.log(`${name}: ${actions?.join("; ")}`);
  }
}

async function made(name: string, config: Json, former: Json): Promise<Json> {
  const asks = name in ASKING;
  const scenario = ASKING[name] ?? SCENARIOS[name];
  const {
    words = [],
    whole = false,
    guests = [],
  } = scenario?.(asks ? config : unasked(config), former) ?? {};
  const state = former.resources.length > 0 ? former : undefined;
  const plan = asks
    ? await withGuests(guests, () => planned(config, state, words))
    : planned(config, state, ["-refresh=false", ...words]);
  return minimized(plan, whole);
}

main()
  .finally(() => rmSync(folder, { recursive: true }))
  .then(() => execFileSync("npx", ["prettier", "--write", target], { stdio: "ignore" }))
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
