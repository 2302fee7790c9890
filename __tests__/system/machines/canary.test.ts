import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ALPHARD, HAMAL, REFERENCE } from "../../fixture";
import { describeWith } from "../tools";
import { S3 } from "../s3-service";
import { ClusterBucket } from "./bucket";
import { ALNAIR, LiveCluster, TOKEN } from "./cluster";
import { MACHINES } from "./tools";

/** An S3 secret key, as an owner would have it. */
const S3_KEY = "planted/5ca1ab1e+s3";

const S3_FILE = "/var/lib/k3s-secrets/s3";

/** Where the join token and the S3 credentials belong. */
const THEIR_PLACES = [
  /^s3$/,
  /alphard\/root\/var\/lib\/k3s-secrets\/s3$/,
  /^token$/,
  /\/var\/lib\/k3s-secrets\/token$/,
  /\/var\/lib\/rancher\/k3s\/server\/token$/,
  /^machines\/cluster\/token$/,
];

/** Heartbeats replace their files meanwhile. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** Content of a volume. */
const CONTENT = "planted-5ca1ab1e-in-a-volume";

describeWith([...MACHINES, ...S3], "the join token", () => {
  let cluster: LiveCluster;

  beforeEach(async () => {
    const settings = { rollout: { tokenCommand: ["cat", "token"] } };
    cluster = await LiveCluster.start([ALPHARD, HAMAL], [ALPHARD, HAMAL, ALNAIR], { settings });
  });
  afterEach(() => cluster?.stop());

  /** Files below a folder that contain the secret and are not its proper places. */
  const leakedFiles = (folder: string, secret: string): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !THEIR_PLACES.some((place) => place.test(file.slice(folder.length + 1))))
      .filter((file) => textOf(file).includes(secret));

  async function leaks(during: () => Promise<string>, secret = TOKEN): Promise<string[]> {
    const end = join(cluster.folder, "sampled");
    rmSync(end, { force: true });
    const sampling = cluster.testbed.sample(secret, end);
    const output = await during();
    writeFileSync(end, "");
    const { samples, found } = await sampling;
    expect(samples).toBeGreaterThan(20);
    return [
      ...found,
      ...leakedFiles(cluster.folder, secret),
      ...leakedFiles(cluster.testbed.folder, secret),
      ...(output.includes(secret) ? ["output"] : []),
    ];
  }

  test("is in no argument list, environment, log, file or output", async () => {
    expect(await leaks(async () => (await cluster.rollout("apply", "--yes")).mustSucceed().output)).toEqual(
      [],
    );
    expect(await cluster.testbed.on("alnair", "cat /var/lib/k3s-secrets/token")).toBe(`${TOKEN}\n`);
    expect(readdirSync(join(cluster.folder, ".rollout", "logs")).length).toBeGreaterThan(2);
  });

  test("nor where one host builds the systems of all", async () => {
    const nixpkgs = {
      rev: "0123456789abcdef0123456789abcdef01234567",
      hash: "sha256-AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
    };
    cluster.emit([ALPHARD, HAMAL, ALNAIR], {
      nixos: { ...REFERENCE.nixos, nixpkgs },
      rollout: { tokenCommand: ["cat", "token"], build: "hamal" },
    });
    const apply = async (): Promise<string> => (await cluster.rollout("apply", "--yes")).mustSucceed().output;
    expect(await leaks(apply)).toEqual([]);
    expect(await cluster.testbed.on("alnair", "cat /var/lib/k3s-secrets/token")).toBe(`${TOKEN}\n`);
  });

  test("nor where a backup is made: it is there only encrypted", async () => {
    const key = join(cluster.folder, "identity");
    spawnSync("age-keygen", ["-o", key]);
    const recipients = [/age1[0-9a-z]+/.exec(readFileSync(key, "utf8"))?.[0] ?? ""];
    cluster.emit([ALPHARD, HAMAL], { rollout: { tokenPath: "token", backup: { recipients } } });
    const backUp = async (): Promise<string> => (await cluster.rollout("backup")).mustSucceed().output;
    expect(await leaks(backUp)).toEqual([]);
    const [backup = ""] = readdirSync(join(cluster.folder, "backups"));
    expect(readdirSync(join(cluster.folder, "backups", backup)).sort()).toEqual([
      "backup.json",
      "snapshot",
      "token.age",
    ]);
  });

  test("nor is the content of a volume, which only its archive has, for its owner's eyes", async () => {
    cluster.testbed.addVolume("data", "hamal");
    const volume = "/var/lib/rancher/k3s/storage/pvc-data";
    await cluster.testbed.on("hamal", `mkdir -p ${volume} && echo ${CONTENT} >${volume}/file`);
    const copy = async (): Promise<string> =>
      (await cluster.rollout("backup", "--volumes", "default/data")).mustSucceed().output;
    const [there, here, ...others] = (await leaks(copy, CONTENT)).sort();
    expect([there, here, others]).toEqual([
      expect.stringMatching(/backups\/[^/]+\/volume-1\.tar$/),
      expect.stringMatching(/hamal\/root\/var\/lib\/rancher\/k3s\/storage\/pvc-data\/file$/),
      [],
    ]);
    expect(statSync(there ?? "").mode & 0o777).toBe(0o600);
  });

  test("nor are the S3 credentials, which servers get and agents do not, and which no rollout replaces", async () => {
    writeFileSync(
      join(cluster.folder, "s3"),
      `AWS_ACCESS_KEY_ID=AKIA1234\nAWS_SECRET_ACCESS_KEY=${S3_KEY}\n`,
    );
    const s3 = { endpoint: "s3.example.org", bucket: "etcd", secretFile: S3_FILE };
    const emitted = (): void =>
      cluster.emit([ALPHARD, HAMAL, ALNAIR], {
        k3s: { ...REFERENCE.k3s, snapshots: { s3 } },
        rollout: { tokenPath: "token", s3Path: "s3" },
      });
    emitted();
    const apply = async (): Promise<string> => (await cluster.rollout("apply", "--yes")).mustSucceed().output;
    expect(await leaks(apply, S3_KEY)).toEqual([]);
    const there = await cluster.testbed.on("alphard", `stat -c '%a %U' ${S3_FILE}; cat ${S3_FILE}`);
    expect(there).toBe(`400 root\nAWS_ACCESS_KEY_ID=AKIA1234\nAWS_SECRET_ACCESS_KEY=${S3_KEY}\n`);
    for (const agent of ["hamal", "alnair"])
      expect((await cluster.testbed.attempt(agent, `test ! -e ${S3_FILE}`)).status).toBe(0);

    const bucket = await ClusterBucket.start(cluster, { accessKeyId: "AKIA1234", secretAccessKey: S3_KEY });
    await bucket.fill((k3s) =>
      cluster.emit([ALPHARD, HAMAL, ALNAIR], { k3s, rollout: { tokenPath: "token", s3Path: "s3" } }),
    );
    const fetch = async (): Promise<string> => (await bucket.fetch()).mustSucceed().output;
    for (const secret of [S3_KEY, TOKEN]) expect(await leaks(fetch, secret)).toEqual([]);
    emitted();

    writeFileSync(
      join(cluster.folder, "s3"),
      "AWS_ACCESS_KEY_ID=AKIA1234\nAWS_SECRET_ACCESS_KEY=another/one\n",
    );
    const refused = await cluster.rollout("apply", "--yes");
    expect(refused.output).toContain(`its S3 credentials at ${S3_FILE} are others than those of main.ts`);
    expect(await cluster.testbed.on("alphard", `cat ${S3_FILE}`)).toContain(S3_KEY);
  });

  test("is found where it is planted", async () => {
    const found = await leaks(async () => {
      await cluster.testbed.operator(["sh", "-c", "sleep 2", "sh", TOKEN], cluster.folder);
      await cluster.testbed.operator(["sh", "-c", "sleep 2"], cluster.folder, { LEAK: TOKEN });
      writeFileSync(join(cluster.folder, "leak.log"), `x ${TOKEN} y`);
      await cluster.testbed.on("hamal", "cp /var/lib/k3s-secrets/token /tmp/leak");
      // The logs exist only because the program ran.
      return TOKEN;
    });
    const expected = [
      /^cmdline: .*sleep/,
      /^environ: .*LEAK/,
      /leak\.log$/,
      /hamal\/root\/tmp\/leak$/,
      /^output$/,
    ];
    for (const each of expected) expect(found).toContainEqual(expect.stringMatching(each));
  });
});
