/** What has to be stated before a bucket is asked; `__tests__/system/s3.test.ts` asks one. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bucketBackupCommand } from "../../src/rollout/bucket-backup";
import type { Operator } from "../../src/rollout/commands";
import { Log } from "../../src/rollout/log";
import { Redactor } from "../../src/rollout/secrets";
import type { Session } from "../../src/rollout/session";
import { ALPHARD, REFERENCE, temporaryFolder } from "../fixture";
import { described } from "./plan-context";

const S3 = { endpoint: "s3.example.org", bucket: "etcd", secretFile: "/var/lib/k3s-secrets/s3" };

test.each<readonly [what: string, k3s: object, rollout: Readonly<Record<string, string>>, words: RegExp]>([
  [
    "a bucket",
    {},
    { tokenPath: "token" },
    /states no bucket for snapshots: set k3s\.snapshots\.s3 as it was/,
  ],
  [
    "credentials",
    { snapshots: { s3: S3 } },
    { tokenPath: "token" },
    /S3 credentials are needed.*rollout\.s3Path/,
  ],
  ["a join token", { snapshots: { s3: S3 } }, { s3Path: "s3" }, /join token is needed.*rollout\.tokenPath/],
])("without %s no bucket is asked, and what to state is said", async (_, k3s, rollout, words) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "token"), "planted-5ca1ab1e5ca1ab1e\n");
  writeFileSync(join(folder, "s3"), "AWS_ACCESS_KEY_ID=AKIA1234\nAWS_SECRET_ACCESS_KEY=5ca1ab1e\n");
  const paths = Object.entries(rollout).map(([name, file]) => [name, join(folder, file)] as const);
  const settings = { k3s: { ...REFERENCE.k3s, ...k3s }, rollout: Object.fromEntries(paths) };
  const redactor = new Redactor();
  const session = {
    description: described([ALPHARD], settings),
    log: new Log(join(folder, "logs"), redactor, () => undefined),
    redactor,
  } as Session;
  const operator = {
    stop: new AbortController().signal,
    print: () => undefined,
  } as Partial<Operator> as Operator;
  const asked = bucketBackupCommand(session, { folder: join(folder, "backups") }, operator);
  await expect(asked).rejects.toMatchObject({
    code: "invalid",
    message: expect.stringMatching(words) as string,
  });
});
