/** What the program shows to a terminal, and what to a pipe. */
import { spawnSync } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { CLI } from "../fixture";
import { Project } from "../project";
import { SCRIPT, shownAt } from "./terminal";
import { describeWith } from "./tools";

describeWith([SCRIPT], "a preview", () => {
  const project = (): Project => {
    const changed = new Project();
    changed.git("init", "--quiet", "--initial-branch=main");
    changed.git("add", "--all");
    changed.git("commit", "--quiet", "--message=base");
    changed.edit("main.ts", (text) => text.replace("cores: 4", "cores: 8"));
    return changed;
  };

  test("is drawn for a terminal, in colors and within its width, and is Markdown in a pipe or if asked for", () => {
    const { folder } = project();
    const drawn = shownAt(90, [CLI, "preview"], folder);
    expect(drawn.status).toBe(0);
    expect(drawn.shown).toContain("\u001b[1m");
    const plain = stripVTControlCharacters(drawn.shown);
    expect(plain).toMatch(/^~ {2}alphard, hamal, mizar +cpu.cores +4 → 8 /m);
    expect(plain.split("\n").filter((line) => line.length > 90)).toEqual([]);

    const piped = spawnSync(CLI, ["preview"], { cwd: folder, encoding: "utf8" }).stdout;
    expect(piped).toMatch(/^# Preview\n[^]*^\| ~ +\| alphard, hamal, mizar \| `cpu.cores` \| `4` → `8` /m);
    expect(shownAt(90, [CLI, "preview", "--markdown"], folder).shown).toBe(piped);
  });

  test("has no colors on a terminal whose owner wants none", () => {
    const { folder } = project();
    const { shown } = shownAt(80, [CLI, "preview"], folder, { NO_COLOR: "1" });
    expect(shown).toContain("VMs: +0 ~3 -0");
    expect(shown).not.toContain("\u001b[1m");
  });
});
