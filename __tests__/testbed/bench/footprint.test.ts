import { mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { footprint, touched } from "../../../testbed/bench/footprint";
import { temporaryFolder } from "../../fixture";

/** The footprint of an action on a folder with one file. */
function seen(happen: (folder: string, file: string) => void): string[] {
  const folder = temporaryFolder();
  const file = join(folder, "host", "a.nix");
  mkdirSync(join(folder, "host"));
  writeFileSync(file, "text");
  const before = footprint(folder);
  happen(folder, file);
  return touched(before, footprint(folder));
}

test("counts files and bytes", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "host"));
  writeFileSync(join(folder, "host", "a.nix"), "text");
  writeFileSync(join(folder, "cluster.json"), "{}");
  expect(footprint(folder)).toMatchObject({ files: 2, bytes: 6 });
});

test("a file that is read is not touched", () => {
  expect(seen((_, file) => readFileSync(file))).toEqual([]);
});

test("a file that is written again with the same text is touched", () => {
  expect(seen((_, file) => writeFileSync(file, "text"))).toEqual(["host/a.nix"]);
});

test("a file that is replaced by an equal one is touched, whatever its time", () => {
  const touchedPaths = seen((folder, file) => {
    writeFileSync(join(folder, "staged"), "text");
    renameSync(join(folder, "staged"), file);
    utimesSync(file, 0, 0);
  });
  expect(touchedPaths).toContain("host/a.nix");
});

test("a file that was created and removed leaves its folder touched", () => {
  const touchedPaths = seen((folder) => {
    writeFileSync(join(folder, "temporary"), "");
    rmSync(join(folder, "temporary"));
  });
  expect(touchedPaths).toEqual(["."]);
});
