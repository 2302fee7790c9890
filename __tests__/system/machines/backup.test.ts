import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkSnapshot, readBackup, type Backup } from "../../../src/backup/manifest";
import { agent, HAMAL, REFERENCE, server } from "../../fixture";
import type { Interruption } from "../../../testbed/machines/testbed";
import { cheapReference } from "../../../testbed/machines/token-reference";
import { schemaFaults } from "../../json-schema";
import { describeWith, type Tool } from "../tools";
import { LiveCluster, TOKEN } from "./cluster";
import { MACHINES } from "./tools";

const AGE: Tool = {
  name: "age",
  debianPackage: "age",
  works: () => spawnSync("age", ["--version"]).status === 0,
};

const NODES = [server("k3s-server", "alphard", 134), HAMAL, agent("k3s-agent-1", "mizar", 136)];
const SNAPSHOTS = "ls /var/lib/rancher/k3s/server/db/snapshots 2>/dev/null || true";

/** A backup folder's contents, without the dotless names of a half one. */
const entries = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

describeWith([...MACHINES, AGE], "a backup", () => {
  let cluster: LiveCluster;

  beforeAll(async () => (cluster = await LiveCluster.start(NODES)));
  afterAll(() => cluster?.stop());
  beforeEach(() => {
    for (const fault of ["snapshot-fails", "snapshot-bytes", "snapshot-stays"])
      cluster.testbed.clearFault("alphard", fault);
  });

  const onServer = async (): Promise<string[]> =>
    (await cluster.testbed.on("alphard", SNAPSHOTS)).split("\n").filter(Boolean);
  const backups = (): string[] => entries(join(cluster.folder, "backups"));
  const complete = (): string[] =>
    backups()
      .filter((name) => /Z-alphard$/.test(name))
      .sort();
  const last = (): Backup => readBackup(join(cluster.folder, "backups", complete().at(-1) ?? ""));

  test("has the snapshot as K3s wrote it, and what a restore has to know", async () => {
    cluster.testbed.addVolume("data-0", "mizar");
    cluster.testbed.setFault("alphard", "snapshot-bytes", "3000000");
    const { stdout } = (await cluster.rollout("backup")).mustSucceed();
    const { folder, manifest, snapshot } = last();
    expect(manifest).toMatchObject({
      server: "alphard",
      k3sVersion: "v1.34.2+k3s1",
      clusterUid: "0b1f5c66-7a3e-4ad8-8c71-0a8a2f0f7d11",
      members: [{ name: "alphard", address: "172.22.0.134" }],
      encryptedToken: null,
      volumes: [{ namespace: "default", claim: "data-0", node: "mizar" }],
    });
    await checkSnapshot(last());
    expect(statSync(snapshot).size).toBeGreaterThan(3_000_000);
    expect(manifest.token).toEqual(cheapReference(TOKEN, manifest.token.salt));
    const modes = readdirSync(folder).map((file) => statSync(join(folder, file)).mode & 0o777);
    expect([statSync(folder).mode & 0o777, ...modes]).toEqual([0o700, 0o600, 0o600]);
    expect(stdout).toContain("The join token is not in it");
    expect(stdout).toContain("default/data-0 on mizar");
    // What nothing else would ever remove.
    expect(await onServer()).toEqual([]);
  });

  test("has the token for its recipients alone", async () => {
    const key = join(cluster.folder, "identity");
    spawnSync("age-keygen", ["-o", key]);
    const recipient = /age1[0-9a-z]+/.exec(readFileSync(key, "utf8"))?.[0] ?? "";
    cluster.emit(NODES, { rollout: { tokenPath: "token", backup: { recipients: [recipient] } } });
    const { stdout } = (await cluster.rollout("backup", "--json")).mustSucceed();
    const { backup, manifest } = JSON.parse(stdout) as {
      backup: string;
      manifest: { encryptedToken: string };
    };
    expect(schemaFaults("rollout#backup", JSON.parse(stdout))).toEqual([]);
    expect(manifest.encryptedToken).toBe("token.age");
    const file = join(cluster.folder, backup, "token.age");
    expect(readFileSync(file, "utf8")).not.toContain(TOKEN);
    const opened = spawnSync("age", ["--decrypt", "--identity", key, file], { encoding: "utf8" }).stdout;
    expect(opened).toBe(`K10${"c0ffee".padEnd(64, "0")}::server:${TOKEN}`);
    cluster.emit(NODES);
  });

  test("that K3s does not take, or that does not arrive as it is there, leaves nothing here", async () => {
    const before = backups();
    cluster.testbed.setFault("alphard", "snapshot-fails");
    const failed = await cluster.rollout("backup");
    expect([failed.status, failed.output]).toEqual([
      1,
      expect.stringContaining("alphard: snapshot: K3s took no snapshot"),
    ]);
    expect(backups()).toEqual(before);
  });

  test("which K3s does not delete on the server is complete all the same", async () => {
    const before = backups().length;
    cluster.testbed.setFault("alphard", "snapshot-stays");
    const { output } = (await cluster.rollout("backup")).mustSucceed();
    expect(output).toContain("keeps the snapshot, which is in the backup too");
    expect(backups().length).toBe(before + 1);
    expect(await onServer()).toHaveLength(1);
    await cluster.testbed.on("alphard", "rm /var/lib/rancher/k3s/server/db/snapshots/*");
  });

  test("that K3s takes by itself is shown by verify with its age, which fails past the limit", async () => {
    cluster.testbed.addSnapshot("alphard", 30);
    const old = await cluster.rollout("verify");
    expect(old.status).not.toBe(0);
    expect(old.output).toContain("the newest snapshot of etcd on alphard is 30 h old, and 25 h is the limit");
    cluster.testbed.addSnapshot("alphard", 3);
    const { stdout } = (await cluster.rollout("verify")).mustSucceed();
    expect(stdout).toContain("Age of the newest snapshot of etcd: alphard 3 h");
    const { stdout: json } = (await cluster.rollout("verify", "--json")).mustSucceed();
    expect(schemaFaults("rollout#verification", JSON.parse(json))).toEqual([]);
    expect(JSON.parse(json)).toMatchObject({ snapshots: { servers: { alphard: 3 } } });
  });

  test("that the server has tried by itself is shown by verify, which fails when it did not restore", async () => {
    cluster.emit(NODES, { k3s: { ...REFERENCE.k3s, snapshots: { drill: {} } } });
    const record = (result: string, reason: string): string =>
      `printf '%s\\n' "begun $(date -d '3 days ago' +%s)" 'snapshot etcd-1' "taken $(date -d '4 days ago' +%s)" 'rto 25' ` +
      `'result ${result}' 'reason ${reason}'`;
    const drills = "/var/lib/k3s-rollout-drill";
    await cluster.testbed.on(
      "alphard",
      `mkdir ${drills}; ${record("succeeded", "")} >${drills}/success; cp ${drills}/success ${drills}/last`,
    );
    const { stdout } = (await cluster.rollout("verify", "--json")).mustSucceed();
    expect(schemaFaults("rollout#verification", JSON.parse(stdout))).toEqual([]);
    expect(JSON.parse(stdout).nodes[0]).toMatchObject({
      drill: { last: { result: "succeeded" }, success: { days: 3, rpoSeconds: 86_400, rtoSeconds: 25 } },
    });
    await cluster.testbed.on("alphard", `${record("not-restored", "of another token")} >${drills}/last`);
    const failed = await cluster.rollout("verify");
    expect(failed.status).not.toBe(0);
    expect(failed.output).toContain("Last snapshot seen to restore: alphard 3 d (it took 25 s)");
    expect(failed.output).toContain(
      "alphard: its drill 3 d 0 h ago has not shown that etcd-1 restores (not-restored, of another token)",
    );
    cluster.emit(NODES);
  });

  test("goes elsewhere with --to, and never where git would commit it", async () => {
    await cluster.testbed.operator(["git", "init", "-q"], cluster.folder);
    writeFileSync(join(cluster.folder, ".gitignore"), "/*\n!/copies/\n");
    const refused = await cluster.rollout("backup", "--to", "copies");
    expect(refused.status).toBe(1);
    expect(refused.output).toContain(
      "copies, which contains the secrets of the cluster in each backup, is not ignored by git",
    );
    expect(entries(join(cluster.folder, "copies"))).toEqual([]);
    expect(readdirSync(cluster.folder)).not.toContain("copies");
    expect(await onServer()).toEqual([]);
    (await cluster.rollout("backup")).mustSucceed();
    const elsewhere = join(cluster.testbed.folder, "elsewhere");
    (await cluster.rollout("backup", "--to", elsewhere)).mustSucceed();
    expect(entries(elsewhere)).toHaveLength(1);
    rmSync(join(cluster.folder, ".git"), { recursive: true });
  });

  test("removes those that are over, and nothing that is not a backup of its own", async () => {
    const folder = join(cluster.folder, "backups");
    const old = backups().sort();
    expect(old.length).toBeGreaterThan(2);
    writeFileSync(join(folder, "notes"), "mine");
    // One that is not what its manifest says.
    writeFileSync(
      join(folder, old[0] ?? "", "snapshot"),
      Buffer.alloc(statSync(join(folder, old[0] ?? "", "snapshot")).size),
    );
    cluster.emit(NODES, { rollout: { tokenPath: "token", backup: { keep: 2 } } });
    const { output } = (await cluster.rollout("backup")).mustSucceed();
    const now = backups().sort();
    expect(now).toHaveLength(4);
    expect(now).toEqual([old[0], old.at(-1), expect.stringMatching(/Z-alphard$/), "notes"]);
    expect(output).toContain("has changed since it was taken");
    expect(output).toContain("Removed backups/");
    cluster.emit(NODES);
  });

  test("waits for nobody: during another rollout it is refused, and says whose", async () => {
    const before = backups();
    cluster.testbed.setFault("hamal", "build-hangs");
    writeFileSync(join(cluster.folder, "nix", "k3s-agent", "local.nix"), "{ } # changed\n");
    const applying = cluster.rollout("apply", "--on", "hamal", "--yes");
    await cluster.testbed.until(
      "the lock is held",
      async () => (await cluster.testbed.attempt("alphard", "test -s /run/k3s-rollout.lock")).status === 0,
    );
    const refused = await cluster.rollout("backup");
    expect(refused.output).toContain("Another rollout is running");
    expect(refused.status).not.toBe(0);
    expect(backups()).toEqual(before);
    cluster.testbed.clearFault("hamal", "build-hangs");
    (await applying).mustSucceed();
  });

  const STEPS: readonly [host: string, step: string][] = [
    ["cluster", "look at the cluster"],
    ["alphard", "snapshot"],
    ["alphard", "copy"],
    ["cluster", "keep"],
    ["alphard", "remove it there"],
  ];
  const INTERRUPTIONS = STEPS.flatMap(([host, step]): [string, string, Interruption][] => [
    [`killed after: ${step}`, step, { when: { host, step, outcome: "done" }, signal: "SIGKILL" }],
    [
      `disconnected in: ${step}`,
      step,
      { when: { host, step, outcome: "started" }, after: 0.05, drop: "alphard" },
    ],
  ]);

  test.each(INTERRUPTIONS)(
    "%s: there is a whole one or none, and the next one works",
    async (_, __, interruption) => {
      cluster.testbed.setFault("alphard", "snapshot-bytes", "20000000");
      const before = backups();
      const { acted } = await cluster.testbed.interrupted(["backup"], cluster.folder, interruption);
      expect(acted).toBe(true);
      for (const name of complete().filter((each) => !before.includes(each)))
        await checkSnapshot(readBackup(join(cluster.folder, "backups", name)));
      (await cluster.rollout("backup")).mustSucceed();
      await checkSnapshot(last());
      expect(backups().filter((name) => name.includes("unfinished"))).toEqual([]);
    },
  );

  test("no snapshot is lost: one that was not copied is still on the server", async () => {
    const unfinished = await onServer();
    for (const file of unfinished) {
      const bytes = Buffer.from(
        await cluster.testbed.on("alphard", `base64 -w0 /var/lib/rancher/k3s/server/db/snapshots/${file}`),
        "base64",
      );
      const sum = createHash("sha256").update(bytes.subarray(0, -32)).digest();
      expect(sum.equals(bytes.subarray(-32))).toBe(true);
    }
  });
});
