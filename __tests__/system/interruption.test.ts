import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { REPOSITORY } from "../fixture";
import { describeWith, LAB } from "./tools";

const HOLD = join(__dirname, "lab", "hold.ts");

/** Running processes, by their number, whose command line has that text. */
const processesWith = (text: string): string[] =>
  readdirSync("/proc").filter((id) => /^\d+$/.test(id) && read(`/proc/${id}/cmdline`).includes(text));

const networkOf = (id: string): string => {
  try {
    return readlinkSync(`/proc/${id}/ns/net`);
  } catch {
    return ""; // it has ended meanwhile
  }
};

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // it has ended meanwhile
  }
}

describeWith(LAB, "a lab", () => {
  test.each(["SIGKILL", "SIGINT", "SIGTERM"] as const)("leaves nothing when ended by %s", async (signal) => {
    // In its own group, as a terminal starts programs.
    const holder = spawn(process.execPath, ["--import", "tsx", HOLD], {
      cwd: REPOSITORY,
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const group = -(holder.pid as number);
    try {
      const folder = await new Promise<string>((resolve, reject) => {
        holder.stdout.once("data", (chunk) => resolve(String(chunk).trim()));
        holder.once("exit", () => reject(new Error("it did not start")));
      });
      const before = processesWith(folder);
      const networks = new Set(before.map(networkOf));
      expect(before.length).toBeGreaterThan(1);
      expect(networks.size).toBeGreaterThan(1); // of the machine, the lab, and a host

      // The signal of a terminal goes to the whole group, the others to a single process.
      process.kill(signal === "SIGINT" ? group : (holder.pid as number), signal);
      for (let tries = 0; tries < 100 && (processesWith(folder).length > 0 || existsSync(folder)); tries++) {
        await sleep(100);
      }
      expect(processesWith(folder)).toEqual([]);
      expect(existsSync(folder)).toBe(false);
      expect(read("/proc/mounts")).not.toContain("/run/netns/held");
    } finally {
      try {
        process.kill(group, "SIGKILL");
      } catch {
        // No process is left, as it should be.
      }
    }
  });
});
