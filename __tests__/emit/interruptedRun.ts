// A run in its own process that kills itself before its n-th change to the disk, or lets another run happen there.
// Arguments: folder, bodies as JSON, n (or no interruption), and the bodies of the other run.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { emit } from "./folder";

const [folder = "", bodies = "", at = "0", other] = process.argv.slice(2);
const CHANGES = [
  "mkdirSync",
  "mkdtempSync",
  "writeFileSync",
  "fsyncSync",
  "renameSync",
  "rmSync",
  "rmdirSync",
] as const;

let changes = 0;
let renames = 0;

for (const name of CHANGES) {
  const original = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      if (name === "renameSync" && at === "from the first rename" && renames++ === 0)
        fs.writeSync(1, "ready");
      if (++changes === Number(at)) interrupt(name, args);
      return original(...args);
    },
  });
}

function interrupt(name: string, [path, text]: unknown[]): void {
  if (other !== undefined) {
    const { status } = spawnSync(process.execPath, [__filename, folder, other], { stdio: "inherit" });
    if (status !== 0) throw new Error("the other run failed");
    process.stdout.write("passed");
    return;
  }
  if (name === "writeFileSync") {
    const file = fs.openSync(String(path), "w");
    fs.writeSync(file, String(text).slice(0, String(text).length / 2));
  }
  process.kill(process.pid, "SIGKILL");
}

// The clock of a timed kill starts here, after the start of Node.
if (at === "from the start") fs.writeSync(1, "ready");

emit(folder, JSON.parse(bodies));
