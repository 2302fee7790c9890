/**
 * Drills and restores of a cluster of three servers and an agent: real SSH, namespaces, file systems and locks; K3s, etcd and systemd are
 * stand-ins, which fail as real ones did. `__tests__/system/kubernetes/aside.test.ts` has a real etcd and API.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contentOf } from "../../../src/backup/content";
import { readBackup } from "../../../src/backup/manifest";
import { HAMAL, REFERENCE, server } from "../../fixture";
import { schemaFaults } from "../../json-schema";
import { describeWith } from "../tools";
import { S3 } from "../s3-service";
import { backupOf } from "./backups";
import { ClusterBucket } from "./bucket";
import { LiveCluster, TOKEN } from "./cluster";
import { MACHINES } from "./tools";

const NODES = [
  server("k3s-server", "alphard", 134, { clusterInit: true }),
  server("k3s-server-1", "acrux", 137),
  server("k3s-server-2", "alnair", 138),
  HAMAL,
];
const SERVERS = ["acrux", "alnair", "alphard"];

describeWith([...MACHINES, ...S3], "a backup", () => {
  let cluster: LiveCluster;
  let backup: string;

  beforeAll(async () => {
    cluster = await LiveCluster.start(NODES);
    cluster.testbed.setConfigMap("kept", "1");
    cluster.testbed.setConfigMap("removed-later", "1");
    backup = await backupOf(cluster);
  });
  afterAll(() => cluster?.stop());
  beforeEach(() => cluster.testbed.forgetEvents());

  const manifestWith = (change: object): (() => void) => {
    const path = join(cluster.folder, backup, "backup.json");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, JSON.stringify({ ...JSON.parse(text), ...change }));
    return () => writeFileSync(path, text);
  };

  const folders = (host: string): Promise<string> =>
    cluster.testbed.on(
      host,
      "ls -A /var/lib/rancher/k3s /var/lib/rancher/k3s/server /var/lib/rancher/k3s/server/db",
    );

  describe("is drilled", () => {
    test("aside of the cluster, which goes on as it is", async () => {
      const before = await folders("alphard");
      const { status, output } = await cluster.rollout("drill", "restore", "--from", backup);
      expect([status, output]).toEqual([
        0,
        expect.stringContaining(`${backup} restores: a server on alphard had it`),
      ]);
      expect(output).toMatch(/\d+ objects were read back as the snapshot has them/);
      expect(cluster.testbed.events()).toEqual([]);
      expect(await folders("alphard")).toBe(before);
      const [line = ""] = readFileSync(join(cluster.folder, "backups", "drills.jsonl"), "utf8").split("\n");
      expect(JSON.parse(line)).toMatchObject({ backup, host: "alphard", faults: [] });
    });

    test("and so is one that a bucket alone had, without asking a host for it", async () => {
      const bucket = await ClusterBucket.start(cluster, {
        accessKeyId: "AKIA1234",
        secretAccessKey: "planted-s3",
      });
      const object = await bucket.fill((k3s) =>
        cluster.emit(NODES, { k3s, rollout: { tokenPath: "token", s3Path: "s3" } }),
      );
      const { stdout } = (await bucket.fetch("--json")).mustSucceed();
      const fetched = JSON.parse(stdout) as { backup: string };
      expect(schemaFaults("rollout#backup", fetched)).toEqual([]);
      expect(fetched).toMatchObject({
        object,
        removed: [],
        manifest: {
          server: "alphard",
          members: SERVERS.map((name) => expect.objectContaining({ name }) as object),
          k3sVersion: "v1.34.2+k3s1",
        },
      });
      const { output } = (await cluster.rollout("drill", "restore", "--from", fetched.backup)).mustSucceed();
      expect(output).toContain(`${fetched.backup} restores: a server on alphard had it`);
      cluster.emit(NODES);
    });

    test("on the operator's machine only with a K3s of its version there", async () => {
      const here = (...words: string[]) =>
        cluster.rollout("drill", "restore", "--from", backup, "--here", ...words);
      const { status, output } = await here("--k3s", "/nowhere/k3s");
      expect([status, output]).toEqual([
        4,
        expect.stringContaining(
          "there is no such program of K3s on this machine: name one of K3s 1.34 with --k3s\nNothing was tried",
        ),
      ]);
      expect((await here("--on-host", "hamal")).output).toContain("cannot be used with option");
    });

    test("on another host, with the flags and the address of the first server", async () => {
      const { status, stdout } = await cluster.rollout(
        "drill",
        "restore",
        "--from",
        backup,
        "--on-host",
        "hamal",
        "--json",
      );
      expect(status).toBe(0);
      const document = JSON.parse(stdout) as { drill: object };
      expect(document.drill).toMatchObject({ host: "hamal", faults: [] });
      expect(schemaFaults("rollout#drilled", document)).toEqual([]);
      expect(await cluster.testbed.on("hamal", "ls /var/lib/rancher/k3s")).not.toContain("restore");
    });

    test("and compared with the cluster as it is", async () => {
      cluster.testbed.setConfigMap("later", "1");
      const { output } = await cluster.rollout("drill", "restore", "--from", backup);
      cluster.testbed.setConfigMap("later");
      expect(output).toMatch(/^kind +backup +now\nv1 ConfigMap +2 +3$/m);
    });

    test("while K3s says that it has restored it, and has not, it fails", async () => {
      cluster.testbed.setFault("alphard", "restores-nothing");
      const { status, output } = await cluster.rollout("drill", "restore", "--from", backup);
      cluster.testbed.clearFault("alphard", "restores-nothing");
      expect([status, output]).toEqual([1, expect.stringContaining("there is no etcd in its folder")]);
      expect(await folders("alphard")).not.toContain("restore");
    });

    test.each([
      [{ k3sVersion: "v1.32.1+k3s1" }, "has K3s v1.34.2+k3s1, and the backup is of v1.32.1+k3s1"],
      [
        { token: { salt: "0".repeat(32), hash: "0".repeat(64) } },
        "The join token is not the one of the backup's time",
      ],
      [
        { clusterUid: "00000000-0000-4000-8000-000000000000" },
        "is a snapshot of another cluster than its manifest says",
      ],
    ])("with %j it is refused, and says why", async (change, why) => {
      const undo = manifestWith(change);
      const { status, output } = await cluster.rollout("drill", "restore", "--from", backup);
      undo();
      expect(output).toContain(why);
      expect(status).not.toBe(0);
    });

    test("without a token in a list of arguments", async () => {
      const samples = cluster.testbed.sample(TOKEN, join(cluster.folder, "sampled"));
      await cluster.rollout("drill", "restore", "--from", backup);
      writeFileSync(join(cluster.folder, "sampled"), "");
      expect((await samples).found).toEqual([]);
      for (const log of ["alphard", "cluster"]) expect(cluster.log(log)).not.toContain(TOKEN);
    });
  });

  describe("is restored", () => {
    const restore = (...words: string[]) =>
      cluster.rollout("restore", "--from", backup, "--confirm", "alphard", ...words);

    test("only after a person typed the name of the first server, or a program gave it", async () => {
      const unnamed = await cluster.rollout("restore", "--from", backup, "--confirm", "hamal");
      expect([unnamed.status, unnamed.output]).toEqual([
        expect.any(Number),
        expect.stringContaining("--confirm hamal is not the server with clusterInit, which is alphard"),
      ]);
      const { output } = await cluster.answered("yes", "restore", "--from", backup);
      expect(output).toContain("Cancelled: you did not answer alphard");
      expect(cluster.testbed.events()).toEqual([]);
    });

    test("not while a server does not answer that may come back, unless it is said to be lost", async () => {
      await cluster.testbed.powerOff("alnair");
      const away = await restore();
      expect(away.status).not.toBe(0);
      expect(away.output).toMatch(/alnair does not answer .*say --lost alnair if it is gone for good/s);
      const wrong = await restore("--lost", "acrux,alnair");
      expect(wrong.output).toContain("acrux answers, so it is not lost");
      await cluster.testbed.powerOn("alnair");
      await cluster.testbed.until(
        "alnair is back",
        async () => (await cluster.rollout("verify")).status === 0,
        60,
      );
      expect(cluster.testbed.events().filter((event) => event.includes("restored"))).toEqual([]);
    });

    test("with everything in it, and nothing of later, on all servers", async () => {
      cluster.testbed.setConfigMap("removed-later");
      cluster.testbed.setConfigMap("later", "1");
      const file = join(cluster.folder, "add-on.json");
      const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "add-on" } };
      writeFileSync(file, JSON.stringify(object));
      cluster.emit(NODES, { k3s: { ...REFERENCE.k3s, manifests: [file] } });
      cluster.testbed.forgetEvents();
      const { status, stdout } = await restore("--json");
      const [document = ""] = stdout.split("\n");
      cluster.emit(NODES);
      expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
        notApplied: {
          manifests: { objects: [{ object: "ConfigMap default/add-on", verdict: "new" }], left: [] },
          next: "npm run rollout -- apply",
        },
      });
      const { restored, ...rest } = JSON.parse(document) as { restored: { keptAs: string } };
      expect([status, schemaFaults("rollout#restored", { restored, ...rest })]).toEqual([0, []]);
      expect(restored).toMatchObject({ lost: 1, back: 1 });
      expect(cluster.log("restore")).toMatch(
        /lost: \/registry\/configmaps\/default\/later\n.* back: .*\/removed-later\n/,
      );
      const kept = await contentOf(readBackup(join(cluster.folder, restored.keptAs)));
      expect(kept.objects.has("/registry/configmaps/default/later")).toBe(true);
      expect(cluster.testbed.configMaps()).toEqual(["kept.json", "removed-later.json"]);
      const events = cluster.testbed.events();
      const at = (event: string): number => events.findIndex((each) => each.startsWith(event));
      expect(at("alphard restored")).toBeGreaterThan(0);
      for (const name of SERVERS) {
        expect(at(`${name} k3s stop`)).toBeGreaterThanOrEqual(0);
        expect(at(`${name} k3s stop`)).toBeLessThan(at("alphard restored"));
        expect(at(`${name} joined`)).toBeGreaterThan(at("alphard restored"));
      }
      expect(events.filter((event) => event.includes("founded"))).toEqual([]);
      expect((await cluster.rollout("verify")).status).toBe(0);
    });

    test("and the former data stays beside it", async () => {
      for (const name of SERVERS) expect(await folders(name)).toMatch(/^etcd\.\d{4}-\d\d-\d\dT/m);
    });

    test("and is no success where the cluster that starts does not hold it: that is stopped again", async () => {
      cluster.testbed.setFault("alphard", "starts-empty");
      const failed = await restore();
      cluster.testbed.clearFault("alphard", "starts-empty");
      expect(failed.status).not.toBe(0);
      expect(failed.output).toContain(
        "alphard: its API does not hold what the snapshot does, so its K3s was stopped again",
      );
      expect(cluster.testbed.events().at(-1)).toBe("alphard k3s stop");
      expect((await restore()).status).toBe(0);
      expect(cluster.testbed.configMaps()).toEqual(["kept.json", "removed-later.json"]);
    });

    test("after the loss of a server for good, without it", async () => {
      await cluster.testbed.powerOff("alnair");
      const { output } = await restore("--lost", "alnair");
      expect(output).toMatch(
        /If this ends before its end, do not start it by hand: npm run rollout -- restore --from \S+ --lost alnair\n/,
      );
      expect(output).toContain("objects were read back as the snapshot has them");
      expect(cluster.testbed.configMaps()).toEqual(["kept.json", "removed-later.json"]);
      await cluster.testbed.powerOn("alnair");
      // With its old data it is no member, as said.
      await cluster.testbed.on(
        "alnair",
        "rm -r /var/lib/rancher/k3s/server/db/etcd; systemctl stop k3s; systemctl start --no-block k3s",
      );
    });

    test("not if it is a backup of another cluster", async () => {
      const uid = join(cluster.testbed.clusterFolder, "uid");
      writeFileSync(uid, "00000000-0000-4000-8000-000000000000");
      const { status, output } = await restore();
      rmSync(uid);
      expect([status, output]).toEqual([
        expect.any(Number),
        expect.stringContaining("is a backup of another cluster"),
      ]);
      expect(status).not.toBe(0);
    });

    test("not while a host has another join token", async () => {
      const path = "/var/lib/k3s-secrets/token";
      await cluster.testbed.on("hamal", `cp -a ${path} /root/token; echo another-token >${path}`);
      const { output } = await restore();
      await cluster.testbed.on("hamal", `cp -a /root/token ${path}`);
      expect(output).toContain(`hamal has another join token than the backup at ${path}`);
    });
  });

  test("that is damaged is refused before any host is asked", async () => {
    const path = join(cluster.folder, backup, "snapshot");
    const bytes = readFileSync(path);
    rmSync(join(cluster.folder, ".rollout"), { recursive: true });
    writeFileSync(path, Buffer.concat([bytes.subarray(0, 5000), Buffer.from("x"), bytes.subarray(5001)]));
    const { status, output } = await cluster.rollout("restore", "--from", backup, "--confirm", "alphard");
    writeFileSync(path, bytes);
    expect([status, output]).toEqual([1, expect.stringContaining("has changed since it was taken")]);
    expect(() => cluster.log("alphard")).toThrow();
  });
});
