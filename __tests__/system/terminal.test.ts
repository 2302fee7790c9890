/** What the program shows to a terminal, and what to a pipe. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { temporaryFolder } from "../fixture";
import { CLI } from "../program";
import { Project } from "../project";
import { shownOf } from "../terminal";
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
    const plain = stripVTControlCharacters(shownOf(drawn.shown).join("\n"));
    expect(plain).toMatch(/^~ {2}alphard, hamal, mizar +cpu.cores +4 → 8 /m);
    expect(plain.split("\n").filter((line) => line.length > 90)).toEqual([]);

    const piped = spawnSync(CLI, ["preview"], { cwd: folder, encoding: "utf8" }).stdout;
    expect(piped).toMatch(/^# Preview\n[^]*^\| ~ +\| alphard, hamal, mizar \| `cpu.cores` \| `4` → `8` /m);
    const { shown } = shownAt(90, [CLI, "preview", "--markdown"], folder);
    expect(shownOf(shown).join("\n")).toBe(piped);
  });

  test("has no colors on a terminal whose owner wants none", () => {
    const { folder } = project();
    const { shown } = shownAt(80, [CLI, "preview"], folder, { NO_COLOR: "1" });
    expect(shown).toContain("VMs: +0 ~3 -0");
    expect(shown).not.toContain("\u001b[1m");
  });
});

describeWith([SCRIPT], "progress", () => {
  test("of a synth is on a terminal alone, and nothing is left of it", () => {
    const { folder } = new Project();
    const { shown } = shownAt(80, [CLI, "synth"], folder);
    expect(shown).toContain("Running main.ts ... 0 s");
    expect(shownOf(shown).join("\n")).toMatch(/^nix\/ is unchanged\./);
    const { stdout, stderr } = spawnSync(CLI, ["synth"], { cwd: folder, encoding: "utf8" });
    const lines = (text: string): string[] => text.replaceAll("\n  ", " ").split("\n").filter(Boolean).sort();
    expect(lines(shownOf(shown).join("\n"))).toEqual(lines(stdout + stderr));
  });

  test("of a rollout leaves the terminal as it was after a Ctrl-C", async () => {
    const { folder } = new Project();
    const silent = temporaryFolder();
    writeFileSync(join(silent, "ssh"), "#!/bin/sh\nsleep 600\n");
    chmodSync(join(silent, "ssh"), 0o755);
    const terminal = spawn("script", ["-qec", `stty cols 80; exec '${CLI}' rollout plan`, "/dev/null"], {
      cwd: folder,
      env: { ...process.env, PATH: `${silent}:${process.env.PATH}` },
    });
    let shown = "";
    terminal.stdout.on("data", (chunk: Buffer) => {
      const waited = shown.includes("... survey the hosts 1 s");
      shown += chunk.toString();
      if (!waited && shown.includes("... survey the hosts 1 s")) terminal.stdin.write("\u0003");
    });
    const status = await new Promise((resolve) => terminal.once("close", resolve));
    expect(status).toBe(130);
    expect(shownOf(shown.replaceAll("\r\n", "\n"))).toEqual(["", "Stopped as you asked.", ""]);
    expect(shown.replaceAll("\u001b[K", "")).not.toContain("\u001b");
  });
});

describeWith([SCRIPT], "faults", () => {
  test("hang in lines of the terminal's width, and are one line each in a pipe", () => {
    const project = new Project();
    project.edit("main.ts", (text) =>
      text.replace('hostname: "mizar"', 'hostname: "mizar", cpuType: "Host"'),
    );
    const { shown } = shownAt(80, [CLI, "synth"], project.folder);
    expect(shownOf(shown)).toEqual([
      "Validation failed with the following errors:",
      "  [k3s/cluster] 'cpuType' of 'mizar' should be a CPU type of PVE, got 'Host';",
      "    did you mean host?",
      "",
    ]);
    const { stderr } = spawnSync(CLI, ["synth"], { cwd: project.folder, encoding: "utf8" });
    expect(stderr.trimEnd().split("\n")).toHaveLength(2);
  });
});

describeWith([SCRIPT], "the report of doctor", () => {
  test("fits the terminal", () => {
    const { shown } = shownAt(80, [CLI, "doctor"], new Project().folder, { PROXMOX_VE_ENDPOINT: undefined });
    const lines = stripVTControlCharacters(shownOf(shown).join("\n")).split("\n");
    expect(lines).toContainEqual(expect.stringMatching(/^PVE endpoint +problem /));
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });
});
