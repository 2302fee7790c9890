import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { findBase, Trees } from "../../src/preview/trees";
import { temporaryFolder, textsBelow } from "../fixture";

/** A project with one commit. */
function project(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [path, text] of Object.entries(files)) write(folder, path, text);
  const git = (...words: string[]) => execFileSync("git", words, { cwd: folder });
  git("init", "--quiet");
  git("add", "--all");
  git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--message=base");
  return folder;
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Files of both trees, without git's own. */
async function treesOf(folder: string): Promise<{ working: object; base: object }> {
  const trees = await Trees.of(folder, await findBase(folder, "HEAD"));
  try {
    rmSync(join(trees.base, ".git"));
    return { working: textsBelow(trees.working), base: textsBelow(trees.base) };
  } finally {
    await trees.remove();
  }
}

test("a deletion that is not committed leaves the file in the base only", async () => {
  const folder = project({ "main.ts": "old", "lib/gone.ts": "gone" });
  rmSync(join(folder, "lib"), { recursive: true });
  write(folder, "main.ts", "new");
  expect(await treesOf(folder)).toEqual({
    working: { "main.ts": "new" },
    base: { "main.ts": "old", "lib/gone.ts": "gone" },
  });
});

test("an untracked file is only in the working tree, and an ignored one in neither", async () => {
  const folder = project({ ".gitignore": "secret\n" });
  write(folder, "new.ts", "new");
  write(folder, "secret", "secret");
  expect(await treesOf(folder)).toEqual({
    working: { ".gitignore": "secret\n", "new.ts": "new" },
    base: { ".gitignore": "secret\n" },
  });
});

test("removed trees leave no folder and no worktree of git behind", async () => {
  const folder = project({ "main.ts": "text" });
  const trees = await Trees.of(folder, await findBase(folder, "HEAD"));
  expect(readFileSync(join(trees.base, "main.ts"), "utf8")).toBe("text");
  await trees.remove();
  expect([existsSync(trees.base), existsSync(trees.working)]).toEqual([false, false]);
  const list = execFileSync("git", ["worktree", "list"], { cwd: folder, encoding: "utf8" });
  expect(list.trim().split("\n")).toHaveLength(1);
});
