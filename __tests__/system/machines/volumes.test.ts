import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readBackup, type Backup } from "../../../src/backup/manifest";
import type { Interruption } from "../../../testbed/machines/testbed";
import { HAMAL, server } from "../../fixture";
import { schemaFaults } from "../../json-schema";
import { describeWith } from "../tools";
import { LiveCluster } from "./cluster";
import { MACHINES } from "./tools";

const STORAGE = "/var/lib/rancher/k3s/storage";
const VOLUME = `${STORAGE}/pvc-data`;

/** Owners, modes, an extended attribute, a capability, a sparse file, hard links, links, a pipe, and names that are hard to handle. */
const FILL = `
mkdir -p ${VOLUME}/deep/er
cd ${VOLUME}
chown 1001:1002 . && chmod 2770 .
printf 'planted-5ca1ab1e-volume' >secret && chown 999:998 secret && chmod 0640 secret
ln secret deep/hard
ln -s /etc/passwd deep/link
mkfifo deep/pipe
truncate -s 64M sparse && printf end >>sparse
printf x >"deep/er/ a 'name'
with ä"
chmod 4755 "deep/er/ a 'name'
with ä"
touch -d 2020-02-02T02:02:02Z deep/er
perl -e 'my $n = "user.planted"; my $v = "kept"; syscall($ARGV[0], "secret", $n, $v, 4, 0) == 0 or die "setxattr: $!"' \
  "$(case $(uname -m) in aarch64) echo 5 ;; *) echo 188 ;; esac)"`;

/** All that a filesystem has of a volume. */
const LOOK = `
cd ${VOLUME}
find . -printf '%p %y %m %U:%G %s %l %n\\n' | LC_ALL=C sort
find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
stat -c %Y deep/er
[ "$(stat -c %i secret)" = "$(stat -c %i deep/hard)" ] && echo hard
[ "$(du -k sparse | cut -f1)" -lt 1024 ] && echo sparse
perl -e 'my ($n, $v) = ("user.planted", " " x 9); my $l = syscall($ARGV[0], "secret", $n, $v, 9); print substr($v, 0, $l), "\\n"' \
  "$(case $(uname -m) in aarch64) echo 8 ;; *) echo 191 ;; esac)"`;

describeWith(MACHINES, "volumes in a backup", () => {
  let cluster: LiveCluster;
  let before: string;

  beforeAll(async () => {
    cluster = await LiveCluster.start([server("k3s-server", "alphard", 134), HAMAL]);
    cluster.testbed.addVolume("data", "hamal");
    await cluster.testbed.on("hamal", FILL);
    before = await cluster.testbed.on("hamal", LOOK);
  });
  afterAll(() => cluster?.stop());
  afterEach(() => cluster.testbed.removePod("web"));

  const names = (): string[] => {
    const folder = join(cluster.folder, "backups");
    return statSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder).sort();
  };
  const last = (): Backup =>
    readBackup(
      join(
        "backups",
        names()
          .filter((name) => name.endsWith("-alphard"))
          .at(-1) ?? "",
      ).replace(/^/, `${cluster.folder}/`),
    );
  const folderOf = ({ folder }: Backup): string => folder.slice(cluster.folder.length + 1);
  const inStorage = async (): Promise<string[]> =>
    (await cluster.testbed.on("hamal", `ls ${STORAGE}`)).split("\n").filter(Boolean);
  const backUp = async (): Promise<Backup> => {
    (await cluster.rollout("backup", "--volumes", "default/data")).mustSucceed();
    return last();
  };
  const putBack = (backup: Backup, ...words: string[]) =>
    cluster.rollout(
      "restore-volumes",
      "--from",
      folderOf(backup),
      "--volumes",
      "default/data",
      "--yes",
      ...words,
    );

  test("come with what their filesystem has of them, for the owner's eyes, and are named in the manifest", async () => {
    const { stdout } = (await cluster.rollout("backup", "--volumes", "default/data")).mustSucceed();
    const { folder, manifest } = last();
    const [volume] = manifest.volumes;
    expect(volume).toMatchObject({ namespace: "default", claim: "data", node: "hamal" });
    const archive = readFileSync(join(folder, "volume-1.tar"));
    expect(volume?.copy).toEqual({
      file: "volume-1.tar",
      bytes: archive.length,
      sha256: createHash("sha256").update(archive).digest("hex"),
    });
    // Not the hole of the sparse file.
    expect(archive.length).toBeLessThan(1_000_000);
    expect(readdirSync(folder).map((file) => statSync(join(folder, file)).mode & 0o777)).toEqual(
      readdirSync(folder).map(() => 0o600),
    );
    expect(stdout).toMatch(/Volumes in it:\n {2}default\/data on hamal \(0\.0 MiB\)/);
  });

  test("are put back as they were, and what is there stays beside them", async () => {
    const backup = await backUp();
    await cluster.testbed.on(
      "hamal",
      `rm -r ${VOLUME}/deep && echo spoilt >${VOLUME}/secret && echo >${VOLUME}/new`,
    );
    const { stdout } = (await putBack(backup, "--json")).mustSucceed();
    const document = JSON.parse(stdout) as { restoredVolumes: { former: string }[] };
    expect(schemaFaults("rollout#restoredVolumes", document)).toEqual([]);
    expect(await cluster.testbed.on("hamal", LOOK)).toBe(before);
    const former = document.restoredVolumes[0]?.former ?? "";
    expect(former).toMatch(/^\/var\/lib\/rancher\/k3s\/storage\/pvc-data\.\d{4}-/);
    expect(await cluster.testbed.on("hamal", `cat ${former}/secret; ls ${former}`)).toBe(
      "spoilt\nnew\nsecret\nsparse\n",
    );
  });

  test("are put back on a disk that never had them", async () => {
    const backup = await backUp();
    await cluster.testbed.on("hamal", `rm -r ${STORAGE}`);
    (await putBack(backup)).mustSucceed();
    expect(await cluster.testbed.on("hamal", LOOK)).toBe(before);
    expect(await inStorage()).toEqual(["pvc-data"]);
  });

  test("are not put back from a damaged copy, or from a backup that has none, and nothing changes", async () => {
    const backup = await backUp();
    const path = join(backup.folder, "volume-1.tar");
    const bytes = readFileSync(path);
    bytes[700] = (bytes[700] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const damaged = await putBack(backup);
    expect([damaged.status, damaged.output]).toEqual([
      1,
      expect.stringContaining("has changed since it was taken"),
    ]);
    (await cluster.rollout("backup")).mustSucceed();
    const none = await putBack(last());
    expect([none.status, none.output]).toEqual([1, expect.stringContaining("has no copy of default/data")]);
    expect(await cluster.testbed.on("hamal", LOOK)).toBe(before);
    expect(await inStorage()).toEqual(["pvc-data"]);
  });

  test("whose pods run are refused with what runs them, unless they are said to be quiet", async () => {
    cluster.testbed.addPod("web", "hamal", { claim: "data" });
    const known = names();
    const refused = await cluster.rollout("backup", "--volumes", "default/data");
    expect([refused.status, refused.output]).toEqual([
      4,
      expect.stringContaining(
        "default/data is mounted by pods of deployment/web: kubectl -n default scale deployment/web --replicas=0, or say --quiesced default/data",
      ),
    ]);
    expect(names()).toEqual(known);
    (await cluster.rollout("backup", "--quiesced", "default/data")).mustSucceed();
    expect(last().manifest.volumes[0]?.copy).toBeDefined();
    const used = await putBack(last());
    expect([used.status, used.output]).toEqual([
      4,
      expect.stringMatching(/scale deployment\/web --replicas=0$/m),
    ]);
  });

  test("are no copy where somebody writes meanwhile", async () => {
    const known = names();
    await cluster.testbed.on("hamal", `head -c 30000000 /dev/urandom >${VOLUME}/growing`);
    const growing = cluster.testbed.attempt(
      "hamal",
      `while [ -e ${VOLUME}/growing ]; do head -c 20000 /dev/urandom >>${VOLUME}/growing; done`,
    );
    const { status, output } = await cluster.rollout("backup", "--quiesced", "default/data");
    await cluster.testbed.on(
      "hamal",
      `while [ -e ${VOLUME}/growing ]; do rm -f ${VOLUME}/growing; sleep 0.1; done`,
    );
    await growing;
    expect([status, output]).toEqual([1, expect.stringMatching(/somebody writes|did not arrive as it was/)]);
    expect(names()).toEqual(known);
  });

  test("that no host should be asked for are refused, all at once", async () => {
    const { testbed } = cluster;
    await testbed.on("hamal", `ln -s /etc ${STORAGE}/pvc-link; mkdir -p ${STORAGE}/pvc-loop`);
    testbed.addVolume("everything", "hamal", { hostPath: { path: "/" } });
    testbed.addVolume("secrets", "hamal", { hostPath: { path: "/etc" } });
    testbed.addVolume("above", "hamal", { local: { path: `${STORAGE}/../../../k3s-secrets` } });
    testbed.addVolume("remote", "hamal", { nfs: { server: "nas", path: "/data" } });
    testbed.addVolume("elsewhere", "mizar");
    const words = ["everything", "secrets", "above", "remote", "elsewhere", "absent"].map(
      (name) => `default/${name}`,
    );
    const { status, output } = await cluster.rollout("backup", "--volumes", words.join(","));
    expect(status).toBe(4);
    for (const each of [
      'default/everything is at "/", which is no folder',
      'default/secrets is at "/etc", which is no folder',
      "default/above is at",
      "default/remote is not on the disk of a node",
      "default/elsewhere is on mizar, which is no host of main.ts",
      "default/absent is no claim that a volume is bound to",
    ])
      expect(output).toContain(each);
    testbed.addVolume("link", "hamal", { hostPath: { path: `${STORAGE}/pvc-link` } });
    const link = await cluster.rollout("backup", "--volumes", "default/link");
    expect([link.status, link.output]).toEqual([1, expect.stringContaining("but leads elsewhere")]);
    expect(names().filter((name) => name.includes("unfinished"))).toEqual([]);
    await testbed.on("hamal", `rm -r ${STORAGE}/pvc-link ${STORAGE}/pvc-loop`);
  });

  test("on a host that does not answer are refused", async () => {
    await cluster.testbed.powerOff("hamal");
    const { status, output } = await cluster.rollout("backup", "--volumes", "default/data");
    await cluster.testbed.powerOn("hamal");
    expect(status).toBe(4);
    expect(output).toContain("default/data is on hamal, which does not answer");
  });

  /** Large enough to be interrupted on its way. */
  const LARGE = 40_000_000;

  const interruptions = (...steps: [host: string, step: string][]): [string, Interruption][] =>
    steps.flatMap(([host, step]): [string, Interruption][] => [
      [`killed after: ${step}`, { when: { host, step, outcome: "done" }, signal: "SIGKILL" }],
      [`killed in: ${step}`, { when: { host, step, outcome: "started" }, after: 0.3, signal: "SIGKILL" }],
      [`disconnected in: ${step}`, { when: { host, step, outcome: "started" }, after: 0.3, drop: "hamal" }],
    ]);

  test.each(interruptions(["hamal", "copy default/data"]))(
    "%s: there is a whole backup or none, nothing goes on at the host, and the next one works",
    async (_, interruption) => {
      const known = names();
      await cluster.testbed.on("hamal", `head -c ${LARGE} /dev/urandom >${VOLUME}/large`);
      const { acted } = await cluster.testbed.interrupted(
        ["backup", "--volumes", "default/data"],
        cluster.folder,
        interruption,
      );
      expect(acted).toBe(true);
      for (const name of names().filter((each) => !known.includes(each) && !each.includes("unfinished")))
        readBackup(join(cluster.folder, "backups", name));
      await cluster.testbed.until(
        "no tar runs any more",
        async () => (await cluster.testbed.attempt("hamal", "! pgrep -x tar")).status === 0,
      );
      const backup = await backUp();
      expect(backup.manifest.volumes.find(({ claim }) => claim === "data")?.copy?.bytes).toBeGreaterThan(
        LARGE,
      );
      expect(names().filter((name) => name.includes("unfinished"))).toEqual([]);
      await cluster.testbed.on("hamal", `rm ${VOLUME}/large`);
    },
  );

  test.each(interruptions(["hamal", "put default/data back"]))(
    "%s: the volume is the former or the new one, whole, and the next command puts it back",
    async (_, interruption) => {
      const digest = `cd ${VOLUME} && sha256sum large secret`;
      await cluster.testbed.on("hamal", `head -c ${LARGE} /dev/urandom >${VOLUME}/large`);
      const wanted = await cluster.testbed.on("hamal", digest);
      const backup = await backUp();
      await cluster.testbed.on("hamal", `head -c ${LARGE} /dev/urandom >${VOLUME}/large`);
      const present = await cluster.testbed.on("hamal", digest);
      const words = ["restore-volumes", "--from", folderOf(backup), "--volumes", "default/data", "--yes"];
      const { acted } = await cluster.testbed.interrupted(words, cluster.folder, interruption);
      expect(acted).toBe(true);
      expect([wanted, present]).toContain(await cluster.testbed.on("hamal", digest));
      (await putBack(backup)).mustSucceed();
      expect(await cluster.testbed.on("hamal", digest)).toBe(wanted);
      // What was there is somewhere.
      expect(await cluster.testbed.on("hamal", `sha256sum ${STORAGE}/pvc-data.2*/large`)).toContain(
        present.split(" ")[0],
      );
      expect((await inStorage()).filter((name) => name.includes("restoring"))).toEqual([]);
      await cluster.testbed.on("hamal", `rm -r ${STORAGE}/pvc-data.2* ${VOLUME}/large`);
    },
  );
});
