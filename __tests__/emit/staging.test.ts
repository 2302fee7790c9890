/** Staging folders: what is in them before anything is put in place, and who still needs those of other runs. */
import fs, { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathsOfDeadRuns, stage, sweep, type Write } from "../../src/emit/staging";
import { inTempFolder } from "./folder";

/** Whether the staging folder of that process is removed when looking for the process ends so. */
const isSwept = (pid: string, code?: string): boolean =>
  inTempFolder((folder) => {
    jest.spyOn(process, "kill").mockImplementation(() => {
      if (code !== undefined) throw Object.assign(new Error(code), { code });
      return true;
    });
    const run = join(folder, `.staging-${pid}-abc`);
    mkdirSync(run);
    sweep(folder);
    return !existsSync(run);
  });

afterEach(() => jest.restoreAllMocks());

test.each([
  ["is at work", "4711", undefined, false],
  ["is at work for another user", "4711", "EPERM", false],
  ["has ended", "4711", "ESRCH", true],
  ["is this one, which ended by an exception", `${process.pid}`, undefined, true],
  ["is none, by its ID", "0", undefined, false],
])("staged files of a run whose process %s (%s, %s) are removed: %s", (_, pid, code, swept) => {
  expect(isSwept(pid, code)).toBe(swept);
});

const WRITES: readonly Write[] = [
  { path: "hamal/configuration.nix", text: "{ }\n" },
  { path: "cluster.json", text: "{}\n" },
];

test("every text is on disk before it is put in place, and so is the list of what a run makes", () => {
  inTempFolder((folder) => {
    const flush = jest.spyOn(fs, "fsyncSync");
    const staged = stage(folder, WRITES);
    expect(flush).toHaveBeenCalledTimes(WRITES.length + 1);
    expect([...staged].map(([path, file]) => ({ path, text: readFileSync(file, "utf8") }))).toEqual(WRITES);
    expect(pathsOfDeadRuns(folder)).toEqual(WRITES.map(({ path }) => path));
  });
});

test("a disk that is full leaves nothing behind", () => {
  inTempFolder((folder) => {
    jest.spyOn(fs, "fsyncSync").mockImplementation(() => {
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    });
    expect(() => stage(folder, WRITES)).toThrow("no space left on device");
    expect(readdirSync(folder)).toEqual([]);
  });
});

test("a folder that does not exist has no dead runs", () => {
  inTempFolder((folder) => expect(pathsOfDeadRuns(join(folder, "nix"))).toEqual([]));
});
