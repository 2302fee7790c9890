/** Where host files and documents may be written: in the project, and not through a link to another place. */
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathProblem } from "../../src/emit/place";
import { inside, temporaryFolder } from "../fixture";

const problemIn = (path: string, make: (folder: string) => void = () => undefined): string | undefined => {
  const folder = temporaryFolder();
  make(folder);
  return inside(folder, () => pathProblem(path));
};

test.each(["nix", "nix/", ".", "a/b.c/d-e_f", "./nix", "a/../nix"])("%s can be written", (path) => {
  expect(problemIn(path)).toBeUndefined();
});

test.each(["", "/nix", "a b", "nix;x", "a//b", "$HOME", "ä"])(
  "'%s' is no path to show in a command",
  (path) => {
    expect(problemIn(path)).toBe(", as a relative path of letters, digits, . _ and -");
  },
);

test.each(["..", "../nix", "a/../../nix"])("%s is outside", (path) => {
  expect(problemIn(path)).toBe(" and not outside of it");
});

test("a folder beside it whose name begins like the project's is outside", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "nix"));
  expect(inside(join(folder, "nix"), () => pathProblem("../nix-other"))).toBe(" and not outside of it");
});

test.each([
  ["a link", (folder: string) => symlinkSync("/etc", join(folder, "nix"))],
  ["a link to nowhere", (folder: string) => symlinkSync("nowhere", join(folder, "nix"))],
])("what is behind %s is not written", (_, make) => {
  expect(problemIn("nix/hosts", make)).toBe(" and not behind a link");
});
