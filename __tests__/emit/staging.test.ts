/** Staging folders of other runs, and who still needs them. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { sweep } from "../../src/emit/staging";
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
