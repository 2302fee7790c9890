import { spawn } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
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
 * No part of it outlives this process.
 *
 * @throws the app's error output
 */
export async function synth({ script, tsconfig }: App, nodes: number, folder: string): Promise<Cost> {
  const start = performance.now();
  const child = spawn(process.execPath, [TSX, ...flags(), script, `${nodes}`], {
    cwd: folder,
    env: { ...process.env, CDKTF_OUTDIR: "cdktf.out", TSX_TSCONFIG_PATH: tsconfig },
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
    if (code !== 0) throw new Error(`${script} with ${nodes} nodes failed:\n${complaints}`);
    return { seconds, memory: Number(output.trim().split("\n").at(-1)) / 1024 };
  } finally {
    process.off("exit", kill);
  }
}

/** Flags with which `cdktf.json` runs `main.ts`, for both apps. */
function flags(): string[] {
  const { app } = JSON.parse(readFileSync(join(ROOT, "cdktf.json"), "utf8")) as { app: string };
  return app.split(" ").filter((word) => word.startsWith("--"));
}
