import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** What one synth cost. */
export interface Cost {
  /** Wall time from the start of the process to its end. */
  readonly seconds: number;
  /** Peak resident memory in MiB. */
  readonly memory: number;
}

const ROOT = join(__dirname, "../..");
const TSX = require.resolve("tsx/cli");

/**
 * Synthesizes an app in a process of its own, which writes `cdktf.out`, and the product `nix`, into that folder.
 * Nothing of it outlives this process.
 *
 * @throws what the app complained of
 */
export async function synth(app: "floor" | "product", nodes: number, folder: string): Promise<Cost> {
  const start = performance.now();
  const child = spawn(process.execPath, [TSX, ...flags(), join(__dirname, `${app}.ts`), `${nodes}`], {
    cwd: folder,
    env: { ...process.env, CDKTF_OUTDIR: "cdktf.out", TSX_TSCONFIG_PATH: join(ROOT, "tsconfig.json") },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, to be killed as a whole: tsx runs the app in a second process, which hears no signal but
    // SIGKILL while it is busy.
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
    if (code !== 0) throw new Error(`${app} with ${nodes} nodes failed:\n${complaints}`);
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
