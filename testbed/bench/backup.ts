import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeOperatorKey } from "../machines/operator";
import { Testbed } from "../machines/testbed";
import { clusterOf, emit } from "./rollout";

/** One copy of a snapshot, by the command and by scp, over the same SSH server. */
export interface Copy {
  /** Of the cluster. */
  readonly nodes: number;
  readonly mebibytes: number;
  readonly backupSeconds: number;
  readonly scpSeconds: number;
}

const SNAPSHOT = "/var/lib/rancher/k3s/server/db/snapshots/by-hand";

/** @param report - hears of each run */
export async function measureBackup(
  mebibytes: number,
  runs: number,
  report: (done: number) => void,
): Promise<Copy[]> {
  const folder = mkdtempSync(join(tmpdir(), "k3s-bench-"));
  const key = makeOperatorKey(folder);
  writeFileSync(join(folder, "token"), "planted-for-the-bench\n");
  emit(clusterOf(1, key, {}), join(folder, "nix"));
  const testbed = await Testbed.start({ nix: join(folder, "nix") }, key, "planted-for-the-bench");
  try {
    const [server] = testbed.nodes;
    if (server === undefined) throw new Error("no server");
    const bytes = mebibytes * 1024 ** 2;
    testbed.setFault(server.hostname, "snapshot-bytes", `${bytes}`);
    // The operator's ssh, which has the key. Without SFTP, which these servers do not have.
    const scp = ["sh", "-c", 'exec scp -O -q -S "$(command -v ssh)" "$@"', "scp"];
    const words = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
    const copies: Copy[] = [];
    await testbed.on(
      server.hostname,
      `mkdir -p ${SNAPSHOT.replace(/\/[^/]*$/, "")}; head -c ${bytes} /dev/urandom >${SNAPSHOT}`,
    );
    for (let run = 1; run <= runs; run++) {
      const began = performance.now();
      const copied = await testbed.operator(
        [...scp, ...words, `root@${server.ipv4Address}:${SNAPSHOT}`, "by-scp"],
        folder,
      );
      const scpSeconds = (performance.now() - began) / 1000;
      if (copied.status !== 0) throw new Error(`scp failed:\n${copied.stderr}`);
      copies.push({ nodes: 1, mebibytes, scpSeconds, backupSeconds: await backUp(testbed, folder, bytes) });
      report(run);
    }
    return copies;
  } finally {
    await testbed.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns the duration of the step that copies, with its connection and its checksum */
async function backUp(testbed: Testbed, folder: string, bytes: number): Promise<number> {
  const { status, stdout, stderr } = await testbed.rollout(["backup", "--json"], folder);
  if (status !== 0) throw new Error(`the backup failed:\n${stdout}\n${stderr}`);
  const backups = readdirSync(join(folder, "backups")).sort();
  const snapshot = join(folder, "backups", backups.at(-1) ?? "", "snapshot");
  if (statSync(snapshot).size < bytes) throw new Error(`${snapshot} is not all of it`);
  const events = stderr
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { step?: string; outcome?: string; time: string });
  const timeOf = (outcome: string): number =>
    Date.parse(events.find((event) => event.step === "copy" && event.outcome === outcome)?.time ?? "");
  return (timeOf("done") - timeOf("started")) / 1000;
}
