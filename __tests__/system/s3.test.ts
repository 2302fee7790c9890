/**
 * Backups from the bucket to which K3s copies its snapshots: a real S3 server that checks signatures, TLS, K3s' own library for the upload.
 * What etcd wrote is a stand-in; `__tests__/system/kubernetes/snapshot.test.ts` reads a real one.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkSnapshot, readBackup } from "../../src/backup/manifest";
import type { UserErrorCode } from "../../src/base/user-error";
import type { SnapshotBucket } from "../../src/config/snapshots";
import { fetchBackup, formatFetched, type Fetched, type Wanted } from "../../src/rollout/bucket-backup";
import { Log } from "../../src/rollout/log";
import { readRestorable } from "../../src/rollout/restorable";
import { Redactor } from "../../src/rollout/secrets";
import { Bucket } from "../../src/s3/bucket";
import { CLUSTER_UID, clusterSnapshot, SNAPSHOT_TOKEN, zipped } from "../backup/etcd";
import { temporaryFolder } from "../fixture";
import { S3, S3Service } from "./s3-service";
import { describeWith } from "./tools";

const KEYS = { accessKeyId: "AKIA5CA1AB1E", secretAccessKey: "planted/5ca1ab1e+s3" };

/** Seconds since 1970: 2026-11-28T00:00:00Z and half a day before. */
const [MIDNIGHT, NOON] = [1_795_824_000, 1_795_780_800];
/** In two days, by the clock of this machine. */
const TO_COME = Math.floor(Date.now() / 1000) + 2 * 86_400;

describeWith(S3, "a backup from a bucket", () => {
  let service: S3Service;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "k3s-s3-")); // longer than one test
    service = await S3Service.start(folder, KEYS, "etcd", "other");
    const put = async (object: string, bytes: Buffer, node = "alphard"): Promise<void> => {
      const file = join(folder, "upload");
      writeFileSync(file, bytes);
      await service.upload({ bucket: "etcd", object, file, node });
    };
    await put(`home/etcd-snapshot-alphard-${NOON}`, clusterSnapshot());
    await put(`home/etcd-snapshot-hard-${MIDNIGHT}.zip`, zipped(clusterSnapshot()), "hard");
    await put(`home/.metadata/etcd-snapshot-hard-${MIDNIGHT + 1}.zip`, Buffer.from("{}"), "hard");
    await put(`home/notes & more.txt`, Buffer.from("mine"));
    await put(`other/etcd-snapshot-alphard-${MIDNIGHT + 9}`, clusterSnapshot());
    await put(`home/etcd-snapshot-alphard-${TO_COME}`, clusterSnapshot());
    await put(`ahead/etcd-snapshot-alphard-${TO_COME}`, clusterSnapshot());
    const damaged = clusterSnapshot();
    damaged.writeUInt8(damaged.readUInt8(5000) ^ 1, 5000);
    await put(`damaged/etcd-snapshot-alphard-${NOON}`, damaged);
    await put(`damaged/etcd-snapshot-alphard-${NOON - 1}.zip`, zipped(clusterSnapshot()).subarray(0, -30));
    await put(`damaged/etcd-snapshot-unknown-${NOON - 2}`, clusterSnapshot());
    await put(`damaged/etcd-snapshot-alphard-${NOON - 3}`, Buffer.from("no snapshot"));
    await put(
      `large/etcd-snapshot-alphard-${NOON}`,
      clusterSnapshot({ key: "/registry/configmaps/default/large", content: "x".repeat(3_000_000) }),
    );
  });
  afterAll(async () => {
    await service?.stop();
    rmSync(folder, { recursive: true });
  });

  interface How {
    readonly settings?: Partial<SnapshotBucket>;
    readonly bucket?: string;
    readonly keys?: typeof KEYS;
    readonly authority?: string;
    readonly token?: string;
    readonly stop?: AbortSignal;
  }

  /** Each in a folder of its own. */
  const fetched = (wanted: Partial<Wanted> = {}, how: How = {}): Promise<Fetched> => {
    const { settings, keys = KEYS, authority = service.files.authority } = how;
    const bucket = new Bucket(
      service.settings(how.bucket ?? "etcd", { folder: "home", ...settings }),
      keys,
      authority === "" ? {} : { SSL_CERT_FILE: authority },
    );
    const logs = join(temporaryFolder(), "logs");
    const log = new Log(logs, new Redactor(), () => undefined);
    const { folder: to = join(temporaryFolder(), "backups"), name } = wanted;
    const stop = how.stop ?? new AbortController().signal;
    return fetchBackup(
      bucket,
      how.token ?? SNAPSHOT_TOKEN,
      { folder: to, ...(name === undefined ? {} : { name }) },
      log,
      stop,
    );
  };

  const refused = async (
    code: UserErrorCode,
    words: RegExp,
    wanted: Partial<Wanted>,
    how: How = {},
  ): Promise<void> => {
    const to = wanted.folder ?? join(temporaryFolder(), "backups");
    const before = statSync(to, { throwIfNoEntry: false }) === undefined ? undefined : readdirSync(to);
    const failed = fetched({ ...wanted, folder: to }, how);
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(words) as string });
    const after = statSync(to, { throwIfNoEntry: false }) === undefined ? undefined : readdirSync(to);
    expect(after).toEqual(before);
  };

  test("is of the newest snapshot, also where K3s compressed it, and says all that the snapshot tells", async () => {
    const got = await fetched();
    const { backup, name } = got;
    expect(name).toBe(`etcd-snapshot-hard-${MIDNIGHT}.zip`);
    expect(backup.folder).toMatch(/backups\/20261128T000000Z-hard$/);
    expect(backup.manifest).toMatchObject({
      takenAt: "2026-11-28T00:00:00.000Z",
      server: "hard",
      k3sVersion: "v1.33.5+k3s1",
      clusterUid: CLUSTER_UID,
      snapshot: { file: "snapshot.zip" },
      members: [
        { name: "alphard", address: "192.0.2.34" },
        { name: "hard", address: "192.0.2.35" },
      ],
      encryptedToken: null,
      volumes: [{ namespace: "default", claim: "data-0", node: "mizar" }],
    });
    const modes = readdirSync(backup.folder).map((file) => statSync(join(backup.folder, file)).mode & 0o777);
    expect([statSync(backup.folder).mode & 0o777, ...modes]).toEqual([0o700, 0o600, 0o600]);
    const words = formatFetched(got);
    for (const each of [
      "with the servers alphard, hard",
      "It is not in the backup",
      "default/data-0 on mizar",
    ])
      expect(words).toContain(each);
  });

  test("is read by a drill, a restore and a recovery as any other, with the token of its time and no other", async () => {
    const name = `etcd-snapshot-alphard-${NOON}`;
    const { backup } = await fetched({ name });
    expect(backup.manifest).toMatchObject({ server: "alphard", snapshot: { file: "snapshot" } });
    await checkSnapshot(readBackup(backup.folder));
    const tokens = { server: SNAPSHOT_TOKEN, agent: undefined };
    const { snapshot } = await readRestorable(backup.folder, tokens);
    expect(snapshot.clusterUid).toBe(CLUSTER_UID);
    await expect(readRestorable(backup.folder, { ...tokens, server: "another-one" })).rejects.toThrow(
      "The join token is not the one of the backup's time",
    );
  });

  test("that is here already is not made again, and what has its name and is another one stays", async () => {
    const to = join(temporaryFolder(), "backups");
    const first = await fetched({ folder: to });
    const again = await fetched({ folder: to });
    expect([first.wasHere, again.wasHere, again.backup.folder]).toEqual([false, true, first.backup.folder]);
    expect(readdirSync(to)).toHaveLength(1);
    writeFileSync(join(first.backup.folder, "backup.json"), "mine");
    await refused("refused", /is there already, and is another backup/, { folder: to });
    expect(readFileSync(join(first.backup.folder, "backup.json"), "utf8")).toBe("mine");
  });

  test("that is here already with another byte is no backup, and is named", async () => {
    const to = join(temporaryFolder(), "backups");
    const { backup } = await fetched({ folder: to });
    const bytes = readFileSync(backup.snapshot);
    bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
    writeFileSync(backup.snapshot, bytes);
    await refused(
      "refused",
      /20261128T000000Z-hard is there already, and its snapshot has changed since: move it away/,
      {
        folder: to,
      },
    );
    expect(readFileSync(backup.snapshot)).toEqual(bytes);
  });

  test("of a time to come is taken only by its name", async () => {
    const name = `etcd-snapshot-alphard-${TO_COME}`;
    const ahead = { settings: { folder: "ahead" } };
    await refused("usage", /are of a time to come\. Name one:\n {2}etcd-snapshot-alphard-\d+$/, {}, ahead);
    const got = await fetched({ name }, ahead);
    expect(formatFetched(got)).toMatch(/By its name it was taken at \S+, which is to come\. It is of the/);
  });

  test("of another name is refused with the names that are there", async () => {
    await refused(
      "usage",
      /no snapshot etcd-snapshot-x in that[^]*hard-\d+\.zip\n {2}etcd-snapshot-alphard-\d+$/,
      {
        name: "etcd-snapshot-x",
      },
    );
    await refused(
      "invalid",
      /There is no snapshot of K3s in that bucket and folder/,
      {},
      { bucket: "other" },
    );
  });

  test.each<readonly [what: string, offset: number, suffix: string, words: RegExp]>([
    ["with another byte", 0, "", /its content does not match the SHA-256 at its end/],
    ["whose archive is cut off", 1, ".zip", /cannot be unpacked/],
    ["that is none", 3, "", /which no whole snapshot has/],
  ])("of an object %s is refused, and nothing of it stays", async (_, offset, suffix, words) => {
    const name = `etcd-snapshot-alphard-${NOON - offset}${suffix}`;
    await refused("invalid", words, { name }, { settings: { folder: "damaged" } });
  });

  test("of a server that is not in the snapshot is refused, and no server is guessed", async () => {
    const name = `etcd-snapshot-unknown-${NOON - 2}`;
    await refused(
      "invalid",
      /is of no server that is in the snapshot/,
      { name },
      { settings: { folder: "damaged" } },
    );
  });

  test("of the time of another join token is refused", async () => {
    await refused(
      "invalid",
      /not the one of the time of .*the bucket does not have it/,
      {},
      { token: "another-one" },
    );
  });

  test.each<readonly [what: string, code: UserErrorCode, words: RegExp, how: How]>([
    [
      "another secret key",
      "refused",
      /S3 refuses the credentials of main\.ts for the bucket etcd at \S+ \(403 SignatureDoesNotMatch\)/,
      { keys: { ...KEYS, secretAccessKey: "wrong" } },
    ],
    [
      "an unknown key",
      "refused",
      /\(403 InvalidAccessKeyId\): correct rollout\.s3Path or rollout\.s3Command/,
      { keys: { ...KEYS, accessKeyId: "AKIAWRONG" } },
    ],
    [
      "a bucket that is not there",
      "invalid",
      /There is no bucket absent at 127\.0\.0\.1:\d+/,
      { bucket: "absent" },
    ],
    [
      "a certificate that nobody trusts",
      "unreachable",
      /set SSL_CERT_FILE to a file with the/,
      { authority: "" },
    ],
    ["nobody at the endpoint", "unreachable", /ECONNREFUSED/, { settings: { endpoint: "127.0.0.1:1" } }],
  ])("from %s is refused by name", async (_, code, words, how) => {
    await refused(code, words, {}, how);
  });

  test("a certificate that K3s is told not to verify is not verified", async () => {
    const { name } = await fetched({}, { authority: "", settings: { isVerified: false } });
    expect(name).toContain("hard");
  });

  describe("over a bad connection", () => {
    /** Bytes from the server after which something happens. */
    let limit = Infinity;
    let reached: (client: Socket) => void;
    let proxy: Server;

    beforeAll(async () => {
      const [host = "", port = ""] = service.endpoint.split(":");
      proxy = createServer((client) => {
        const server = connect(Number(port), host);
        let sent = 0;
        client.on("error", () => undefined).on("close", () => server.destroy());
        server.on("error", () => undefined).on("close", () => client.destroy());
        client.pipe(server);
        server.on("data", (chunk: Buffer) => {
          if ((sent += chunk.length) > limit) reached(client);
          else client.write(chunk);
        });
      });
      await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    });
    afterAll(() => proxy?.close());

    const through = (): How => ({
      settings: { folder: "large", endpoint: `127.0.0.1:${(proxy.address() as AddressInfo).port}` },
    });

    test("that breaks in the middle there is none, and the next one is whole", async () => {
      const to = join(temporaryFolder(), "backups");
      mkdirSync(to);
      limit = 1_000_000;
      reached = (client) => client.destroy();
      await refused("unreachable", /cannot be read: .*run the same command again/, { folder: to }, through());
      limit = Infinity;
      const { backup } = await fetched({ folder: to }, through());
      await checkSnapshot(readBackup(backup.folder));
    });

    test("that a person stops there is none", async () => {
      const asked = new AbortController();
      limit = 1_000_000;
      reached = () => asked.abort();
      await refused("interrupted", /^Stopped as you asked\.$/, {}, { ...through(), stop: asked.signal });
    });
  });
});
