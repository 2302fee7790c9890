import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Owner, type Run } from "../../testbed/pictures/owner";
import { linesOf, textOf } from "../../testbed/pictures/screen";
import { STORY } from "../../testbed/pictures/story";
import { textsIn } from "../../testbed/pictures/svg";
import { REPOSITORY, temporaryFolder } from "../fixture";
import { describeWith } from "./tools";

const KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0gB4CgPPzPyIYyC3lVQlCGHPZW3R4pVvkdn9mE9u1V a.person@example.org";

const run: Run = (argv, cwd, environment) => {
  const [program = "", ...words] = argv;
  const env = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...environment };
  return Promise.resolve(spawnSync(program, words, { cwd, encoding: "utf8", env }));
};

/** Another commit is made each time. */
const withoutCommits = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(/\b[0-9a-f]{12}\b/, "commit"));

const SCRIPT = {
  name: "script",
  debianPackage: "bsdutils",
  works: () => spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0,
};

describeWith([SCRIPT], "the recorded session", () => {
  test("shows what the commands print today, up to those that need machines", async () => {
    const picture = textsIn(readFileSync(join(REPOSITORY, "docs/pictures/session.svg"), "utf8"));
    const owner = Owner.begin(temporaryFolder(), KEY, run);
    for (const [index, scene] of STORY.slice(0, -1).entries()) {
      const lines: string[] = [];
      for (const { typed, sent } of await owner.play(scene)) {
        lines.push(`$ ${typed}`, ...(await linesOf(sent)).map(textOf));
      }
      expect(withoutCommits(picture[index] ?? [])).toEqual(withoutCommits(lines));
    }
  });
});
