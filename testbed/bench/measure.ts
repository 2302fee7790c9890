import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { footprint, touched } from "./footprint";
import { FLOOR, synth, synthByCli, type App, type Cost } from "./synth";

/** The cost of clusters of one size: a single round, or the medians of several. */
export interface Measurement {
  readonly nodes: number;
  readonly floor: Cost;
  /** The product in an empty folder. */
  readonly first: Cost;
  /** The product again, with nothing to change. */
  readonly again: Cost;
  /** Seconds of the product in an empty folder, run by `cdktf synth`. */
  readonly byCli: number;
  readonly files: number;
  readonly bytes: number;
  /** Files and folders under `nix/` that the second run wrote; the maximum of several rounds. */
  readonly rewritten: number;
}

/**
 * Runs floor and product in turn, so that other load on the machine slows both.
 *
 * @param product - see `installProduct`
 * @param folder - in which each app of each round has its own folder
 * @param report - gets the number of finished rounds
 */
export async function measure(
  product: App,
  nodes: number,
  runs: number,
  folder: string,
  report: (done: number) => void,
): Promise<Measurement> {
  await round(product, nodes, folder); // warms up the cache of the disk and the compile cache of tsx
  const rounds: Measurement[] = [];
  while (rounds.length < runs) {
    report(rounds.length);
    rounds.push(await round(product, nodes, folder));
  }
  const cost = (of: "floor" | "first" | "again"): Cost => ({
    seconds: median(rounds.map((round) => round[of].seconds)),
    memory: median(rounds.map((round) => round[of].memory)),
  });
  return {
    nodes,
    floor: cost("floor"),
    first: cost("first"),
    again: cost("again"),
    byCli: median(rounds.map(({ byCli }) => byCli)),
    files: median(rounds.map(({ files }) => files)),
    bytes: median(rounds.map(({ bytes }) => bytes)),
    rewritten: Math.max(...rounds.map(({ rewritten }) => rewritten)),
  };
}

/** Leaves its folders: ext4 is slow to create files for minutes after as many were removed (`recently_deleted`). */
async function round(product: App, nodes: number, parent: string): Promise<Measurement> {
  const floor = await synth(FLOOR, nodes, mkdtempSync(join(parent, "floor-")));
  const folder = mkdtempSync(join(parent, "product-"));
  const first = await synth(product, nodes, folder);
  const before = footprint(join(folder, "nix"));
  const again = await synth(product, nodes, folder);
  const rewritten = touched(before, footprint(join(folder, "nix"))).length;
  const byCli = await synthByCli(product, nodes, mkdtempSync(join(parent, "cli-")));
  return { nodes, floor, first, again, byCli, files: before.files, bytes: before.bytes, rewritten };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
  return (lower + upper) / 2;
}
