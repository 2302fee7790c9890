import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readBackup } from "../../src/backup/manifest";
import { Store } from "../../src/backup/store";
import { temporaryFolder } from "../fixture";
import { makeBackup } from "./backups";

test("a backup that was begun has no name of a backup, for its owner's eyes, until it is complete", () => {
  const folder = join(temporaryFolder(), "backups");
  const store = new Store(folder, "desk:7:a:b");
  const making = store.begin("20261128T003000Z-alphard");
  expect([statSync(folder).mode & 0o777, statSync(making).mode & 0o777]).toEqual([0o700, 0o700]);
  writeFileSync(join(making, "snapshot"), "x");
  expect(store.all()).toEqual([]);
  expect(store.complete(making, "20261128T003000Z-alphard")).toBe(join(folder, "20261128T003000Z-alphard"));
  expect(readdirSync(folder)).toEqual(["20261128T003000Z-alphard"]);
});

test("what is abandoned is gone, with the folder that was made for it, and no other", () => {
  const above = temporaryFolder();
  const store = new Store(join(above, "new"), "desk:7:a:b");
  store.abandon(store.begin("20261128T003000Z-alphard"));
  expect(existsSync(join(above, "new"))).toBe(false);
  const other = new Store(above, "desk:7:a:b");
  other.abandon(other.begin("20261128T003000Z-alphard"));
  expect(existsSync(above)).toBe(true);
});

test("backups are complete folders under the name that they were given", () => {
  const folder = temporaryFolder();
  const own = makeBackup(folder);
  const half = makeBackup(folder, { takenAt: "2026-11-28T00:31:00.000Z" });
  writeFileSync(join(half, "snapshot"), "");
  const renamed = makeBackup(temporaryFolder());
  mkdirSync(join(folder, "20261128T003200Z-alphard"));
  for (const file of ["snapshot", "backup.json"])
    writeFileSync(join(folder, "20261128T003200Z-alphard", file), readBackup(renamed).snapshot);
  writeFileSync(join(folder, "notes"), "mine");
  expect(new Store(folder, "desk:7:a:b").all().map((each) => each.folder)).toEqual([own]);
});

test("only what ended rollouts left unfinished is swept away", () => {
  const folder = temporaryFolder();
  const [dead, alive] = [new Store(folder, "dead"), new Store(folder, "alive")];
  dead.begin("20261128T003000Z-alphard");
  alive.begin("20261128T003100Z-alphard");
  const own = makeBackup(folder);
  mkdirSync(join(folder, "mine.unfinished-dead"));
  writeFileSync(join(folder, "20261128T003300Z-alphard.unfinished-dead"), "a file");
  dead.sweep((rollout) => rollout === "dead");
  expect(readdirSync(folder).sort()).toEqual(
    [
      "20261128T003000Z-alphard",
      "20261128T003100Z-alphard.unfinished-alive",
      "20261128T003300Z-alphard.unfinished-dead",
      "mine.unfinished-dead",
    ].sort(),
  );
  dead.remove(readBackup(own));
  expect(existsSync(own)).toBe(false);
  expect(readdirSync(folder)).toHaveLength(3);
});
