/** Searches the arguments and environments of all processes for a text until a file appears, and prints where it was found. */
import { existsSync, readdirSync, readFileSync } from "node:fs";

const [, , needle = "", end = ""] = process.argv;
const found = new Set<string>();
let samples = 0;

function look(): void {
  samples++;
  for (const pid of readdirSync("/proc").filter(
    (name) => /^\d+$/.test(name) && name !== String(process.pid),
  )) {
    for (const file of ["cmdline", "environ"]) {
      try {
        const text = readFileSync(`/proc/${pid}/${file}`, "latin1");
        const at = text.indexOf(needle);
        if (at >= 0) found.add(`${file}: ${text.slice(Math.max(0, at - 40), at).replaceAll("\0", " ")}`);
      } catch {
        // it has ended
      }
    }
  }
}

const timer = setInterval(() => {
  look();
  if (!existsSync(end)) return;
  clearInterval(timer);
  console.log(JSON.stringify({ samples, found: [...found] }));
}, 5);
