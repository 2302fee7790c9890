import { spawn } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { installPackage } from "../package/install";

const ROOT = join(__dirname, "../..");
const TSX = require.resolve("tsx/cli");

/** The cost of one synth. */
export interface Cost {
  /** Wall time from the start of the process to its end. */
  readonly seconds: number;
  /** Peak resident memory in MiB. */
  readonly memory: number;
}

/** An app, and the `tsconfig.json` with which it runs. */
export interface App {
  readonly script: string;
  readonly tsconfig: string;
}

export const FLOOR: App = { script: join(__dirname, "floor.ts"), tsconfig: join(ROOT, "tsconfig.json") };

const PRODUCT = [
  "bench/product.ts",
  "bench/settings.ts",
  "bench/nodes.ts",
  "bench/memory.ts",
  "reference.ts",
].map((file) => `testbed/${file}`);

/** The product as an owner has it: from the package, which is packed and installed there. */
export function installProduct(folder: string): App {
  installPackage(folder);
  for (const file of [...PRODUCT, "authorized_keys"]) cpSync(join(ROOT, file), join(folder, file));
  return { script: join(folder, "testbed/bench/product.ts"), tsconfig: join(folder, "tsconfig.json") };
}

/**
 * Synthesizes an app in a process of its own, which writes `cdktf.out`, and the product `nix`, into that folder.
 *
 * @throws the app's error output
 */
export async function synth(app: App, nodes: number, folder: string): Promise<Cost> {
  const { seconds, output } = await timed([TSX, ...wordsOf(app, nodes)], app, folder);
  return { seconds, memory: Number(output.trim().split("\n").at(-1)) / 1024 };
}

/** The same by `cdktf synth`. @returns seconds of wall time */
export async function synthByCli(app: App, nodes: number, folder: string): Promise<number> {
  const command = [process.execPath, TSX, ...wordsOf(app, nodes)].join(" ");
  const json = { language: "typescript", app: command, sendCrashReports: "false" };
  writeFileSync(join(folder, "cdktf.json"), JSON.stringify(json));
  return (await timed([require.resolve("cdktf-cli/bundle/bin/cdktf"), "synth"], app, folder)).seconds;
}

const wordsOf = ({ script }: App, nodes: number): string[] => [...flags(), script, `${nodes}`];

/** Runs a program of Node. No part of it outlives this process. */
async function timed(
  words: readonly string[],
  { tsconfig }: App,
  folder: string,
): Promise<{ seconds: number; output: string }> {
  const start = performance.now();
  const child = spawn(process.execPath, words, {
    cwd: folder,
    env: { ...process.env, CDKTF_OUTDIR: "cdktf.out", TSX_TSCONFIG_PATH: tsconfig, CHECKPOINT_DISABLE: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    // In its own group, which is killed as a whole: tsx runs the app in a second process, which handles no signal other
    // than SIGKILL while it is busy.
    detached: true,
  });
  const kill = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  };
  // Before other listeners, such as one that removes the folder.
  process.prependListener("exit", kill);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  try {
    const [output, complaints, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    const seconds = (performance.now() - start) / 1000;
    if (code !== 0) throw new Error(`${words.join(" ")} failed:\n${complaints}`);
    return { seconds, output };
  } finally {
    process.off("exit", kill);
  }
}

/** Flags with which `cdktf.json` runs `main.ts`, for both apps. */
function flags(): string[] {
  const { app } = JSON.parse(readFileSync(join(ROOT, "cdktf.json"), "utf8")) as { app: string };
  return app.split(" ").filter((word) => word.startsWith("--"));
}
