import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { namingCluster, npmRun } from "../base/command-line";
import { enumerated } from "../base/markdown";
import { StatusLine } from "../base/status-line";
import { UserError } from "../base/user-error";
import { PveError } from "../pve/api";
import { apiOf } from "../pve/environment";
import { readInventory, type Inventory } from "../pve/inventory";
import { nameAmongSeveral } from "./cluster";
import { ExitCode } from "./exit-code";
import { reportFailure } from "./failure";
import { say } from "./terminal";

/** The owner's file with what the PVE nodes have, next to `main.ts`, which imports it. */
const FILE = "pve-nodes.json";

/** `inventory`: writes what Proxmox VE's nodes have to `pve-nodes.json`. */
export async function inventory(project = ".", env = process.env): Promise<ExitCode> {
  try {
    const found = await namingCluster(nameAmongSeveral(), () => asked(env));
    if (Object.keys(found.nodes).length === 0)
      throw new UserError(
        "failed",
        `Proxmox VE shows no PVE node: ${found.leftOut.join("; ") || "the token sees none"}`,
      );
    say(written(join(project, FILE), found));
    return ExitCode.Done;
  } catch (error) {
    return reportFailure(error);
  }
}

async function asked(env: NodeJS.ProcessEnv): Promise<Inventory> {
  const api = apiOf(env, "inventory");
  const status = new StatusLine(process.stderr);
  try {
    return await status.during("Asking Proxmox VE", () => readInventory(api));
  } catch (error) {
    if (!(error instanceof PveError)) throw error;
    throw new UserError("unreachable", `Proxmox VE does not say what it has: ${error.message}`, {
      remedy: `${npmRun("doctor")} says what is wrong`,
      cause: error,
    });
  } finally {
    api.close();
  }
}

/** @returns what was done, and what comes next */
function written(file: string, { nodes, leftOut }: Inventory): string {
  const text = `${JSON.stringify(nodes, null, 2)}\n`;
  const old = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (old !== text) {
    // By one rename, so that an interruption leaves the old file.
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }
  const what = `${FILE}: ${enumerated(Object.keys(nodes))}${old === text ? ", as before" : ""}.`;
  const use =
    old === undefined
      ? [`State it in main.ts: import pveNodes from "./${FILE}"; and pve: { nodes: pveNodes }.`]
      : [];
  const missing = leftOut.map((each) => `Left out: ${each}.`);
  return [what, ...missing, ...use, "Next: npm run preview, npm run synth"].join("\n");
}
