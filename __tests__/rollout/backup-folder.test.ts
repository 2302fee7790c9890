/** `__tests__/backup/store.test.ts` tests the store itself. */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Store } from "../../src/backup/store";
import { makeIn } from "../../src/rollout/backup-folder";
import { Log, type Event } from "../../src/rollout/log";
import { newRolloutId } from "../../src/rollout/rollout-id";
import { Redactor } from "../../src/rollout/secrets";
import { temporaryFolder } from "../fixture";

const NAME = "20261128T003000Z-alphard";

/** No process has a number as large. */
const dead = (): string => newRolloutId().replace(`:${process.pid}:`, ":999999999:");

test("a backup is there also where what a killed rollout left cannot be removed, which is said", async () => {
  const folder = join(temporaryFolder(), "backups");
  mkdirSync(folder);
  const left = `20261127T003000Z-alphard.unfinished-${dead()}`;
  symlinkSync("nowhere", join(folder, left));
  const events: Event[] = [];
  const log = new Log(join(temporaryFolder(), "logs"), new Redactor(), (event) => events.push(event));
  const store = new Store(folder, newRolloutId());
  const made = await makeIn(store, NAME, log, (making) => Promise.resolve(store.complete(making, NAME)));
  expect(made).toBe(join(folder, NAME));
  expect(events.map(({ words }) => words)).toEqual([
    expect.stringMatching(/what a killed rollout left in .*backups stays: .*ENOENT/) as string,
  ]);
});

test("nothing of a backup stays that fails", async () => {
  const folder = join(temporaryFolder(), "backups");
  const log = new Log(join(temporaryFolder(), "logs"), new Redactor(), () => undefined);
  const making = makeIn(new Store(folder, newRolloutId()), NAME, log, (path) => {
    writeFileSync(join(path, "snapshot"), "half");
    return Promise.reject(new Error("the disk is full"));
  });
  await expect(making).rejects.toThrow("the disk is full");
  expect(() => readdirSync(folder)).toThrow("ENOENT");
});
