/**
 * `npm run bench`: compares a synth with bare CDKTF, a firewall with a hand-written one, and a rollout with the time that its
 * steps take. It also says how long a simulation takes.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { unshareAsRoot } from "../namespaces/unshare";
import { measureBackup } from "./backup";
import { BACKUP_BARS, BACKUP_COLUMNS } from "./backup-report";
import { measureFirewalls } from "./firewall";
import { FIREWALL_BARS, FIREWALL_COLUMNS } from "./firewall-report";
import { measure, type Measurement } from "./measure";
import { bars, table } from "./report";
import { measureRollout, measureUpgrade, type Rollout } from "./rollout";
import { ROLLOUT_BARS, ROLLOUT_COLUMNS, UPGRADE_BARS } from "./rollout-report";
import { measureSimulation } from "./simulate";
import { SIMULATE_BARS, SIMULATE_COLUMNS } from "./simulate-report";
import { installProduct } from "./synth";
import { SYNTH_BARS, SYNTH_COLUMNS } from "./synth-report";

const USAGE = `npm run bench [-- [synth] [firewall] [rollout] [upgrade] [backup] [simulate] [--nodes 3,50,250,1000] [--runs 5]
          [--step-seconds 2]]

synth     what a synth costs beside the same VMs in bare CDKTF
firewall  what a host's ruleset costs beside one rule for each pair of nodes; needs root, perl, and what the packet lab needs
rollout   what a rollout to 3 and to 30 machines with real SSH servers takes, where each remote step takes a fixed time; needs
          root, and what the tests of rollouts need (CONTRIBUTING.md)
upgrade   what an upgrade of 30 such machines to the next minor of K3s takes
backup    how fast a snapshot of 100 MiB is copied beside scp from the same SSH server; needs what rollout needs
simulate  how long all failures of a cluster and every two take to simulate
--nodes   sizes of the cluster, for synth, firewall and simulate
--runs    how often each is measured; a rollout once
TMPDIR=   folder in which files are written, for another disk`;

const PARTS = ["synth", "firewall", "rollout", "upgrade", "backup", "simulate"];

interface Options {
  readonly parts: readonly string[];
  readonly sizes: readonly number[];
  readonly runs: number;
  readonly stepSeconds: number;
}

/** Throws on arguments that do not match `USAGE`. */
function options(): Options {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      nodes: { type: "string", default: "3,50,250,1000" },
      runs: { type: "string", default: "5" },
      "step-seconds": { type: "string", default: "2" },
    },
  });
  const sizes = values.nodes.split(",").map(Number);
  const runs = Number(values.runs);
  const parts = positionals.length === 0 ? PARTS : positionals;
  const stepSeconds = Number(values["step-seconds"]);
  const right = [...sizes, runs, stepSeconds].every((value) => Number.isSafeInteger(value) && value > 0);
  if (!right || !parts.every((part) => PARTS.includes(part))) throw new Error(USAGE);
  return { parts, sizes, runs, stepSeconds };
}

async function synths({ sizes, runs }: Options): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "k3s-bench-"));
  // Again while the last files of a killed app appear.
  process.on("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 9 }));
  console.error("synth: packing the package");
  const product = installProduct(mkdtempSync(join(folder, "app-")));
  const all: Measurement[] = [];
  for (const nodes of sizes) {
    const report = (done: number): void =>
      console.error(`synth: ${nodes} nodes, ${done} of ${runs} runs done`);
    all.push(await measure(product, nodes, runs, folder, report));
  }
  console.log(`
Medians of ${runs} runs, floor and product in turn, on ${cpus().length} CPUs in ${tmpdir()}, Node ${process.version}.
floor: the same VMs in bare CDKTF. first: the packed product in an empty folder. again: the product, nothing changed.
by CLI: the product in an empty folder, run by cdktf synth of the CDKTF CLI.

${table(SYNTH_COLUMNS, all)}

${bars(SYNTH_BARS, all)}`);
}

function requireRoot(what: string): void {
  if (unshareAsRoot() !== undefined) return;
  throw new Error(`${what} not measured: root is needed, and what the packet lab needs (CONTRIBUTING.md)`);
}

async function firewalls({ sizes, runs }: Options): Promise<void> {
  requireRoot("the firewall was");
  const all = await measureFirewalls(sizes, runs, (what) => console.error(`firewall: ${what}`));
  console.log(`
Medians of ${runs} runs in turn. load: nft -f of one host's ruleset. connect: a new TCP connection from another node to
the kubelet, as the kernel sees it. per-pair: one rule for each direction of each pair of nodes, on every host, in an
inet table as ours; the pair that connects is in the middle of them. no rules: the same without a ruleset.

${table(FIREWALL_COLUMNS, all)}

${bars(FIREWALL_BARS, all)}`);
}

async function rollouts({ stepSeconds }: Options): Promise<void> {
  requireRoot("rollouts were");
  const all: Rollout[] = [];
  for (const nodes of [3, 30]) {
    console.error(`rollout: ${nodes} nodes`);
    all.push(await measureRollout(nodes, stepSeconds));
  }
  console.log(`
A changed firewall, brought to all hosts by a real rollout over real SSH; one run. ideal: each remote step takes ${stepSeconds} s, and
nothing else takes any time.

${table(ROLLOUT_COLUMNS, all)}

${bars(ROLLOUT_BARS, all)}`);
}

async function upgrades({ stepSeconds }: Options): Promise<void> {
  requireRoot("upgrades were");
  const upgrade = await measureUpgrade(30, stepSeconds);
  console.log(`
All hosts brought to the next minor of K3s by a real upgrade over real SSH; one run. ideal: the most steps of which none overlaps
another, as the machines recorded them, each of ${stepSeconds} s.

${table(ROLLOUT_COLUMNS, [upgrade])}

${bars(UPGRADE_BARS, [upgrade])}`);
}

async function backups({ runs }: Options): Promise<void> {
  requireRoot("backups were");
  const all = await measureBackup(100, runs, (done) => console.error(`backup: ${done} of ${runs} runs done`));
  console.log(`
A snapshot copied by rollout backup, with its connection and its checksum, and by scp, in turn, from the same SSH server.

${table(BACKUP_COLUMNS, all)}

${bars(BACKUP_BARS, all)}`);
}

function simulations({ sizes }: Options): void {
  // The pairs grow with the square of the nodes.
  const all = sizes.filter((nodes) => nodes <= 250).map(measureSimulation);
  console.log(`
Every failure of a cluster on 20 PVE nodes, and every two at the same time; one run of the
sources, in which the code is compiled too. The bundle that owners have takes less.

${table(SIMULATE_COLUMNS, all)}

${bars(SIMULATE_BARS, all)}`);
}

async function main(): Promise<void> {
  const chosen = options();
  if (chosen.parts.includes("synth")) await synths(chosen);
  if (chosen.parts.includes("firewall")) await firewalls(chosen);
  if (chosen.parts.includes("rollout")) await rollouts(chosen);
  if (chosen.parts.includes("upgrade")) await upgrades(chosen);
  if (chosen.parts.includes("backup")) await backups(chosen);
  if (chosen.parts.includes("simulate")) simulations(chosen);
}

// By `exit`, so that the listeners which kill the app and remove the folder run.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exitCode = 1;
});
