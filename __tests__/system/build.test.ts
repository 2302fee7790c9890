import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { REPOSITORY, temporaryFolder } from "../fixture";

/** Programs that the script calls. This machine's PATH is not used, since it may have a Go. */
const PROGRAMS = "bash basename cat chmod cp dirname git mkdir mktemp mv rm sed touch tr uname".split(" ");

const pathOf = (program: string): string =>
  spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).stdout.trim();

/** A copy of `testbed/build` with one module, a cache of its own, and stand-ins for Go and npm: their commands. */
function bench(go?: string, npm?: string) {
  const folder = temporaryFolder();
  cpSync(join(REPOSITORY, "testbed", "build", "build.sh"), join(folder, "build.sh"));
  mkdirSync(join(folder, "widgets"));
  writeFileSync(join(folder, "widgets", "go.mod"), "module testbed/widgets\n\ngo 1.99.1\n");
  writeFileSync(join(folder, "widgets", "go.sum"), "");
  mkdirSync(join(folder, "bin"));
  for (const program of PROGRAMS) symlinkSync(pathOf(program), join(folder, "bin", program));
  for (const [program, text] of Object.entries({ go, npm })) {
    if (text === undefined) continue;
    writeFileSync(join(folder, "bin", program), `#!/usr/bin/env bash\n${text}\n`);
    chmodSync(join(folder, "bin", program), 0o755);
  }
  const cache = join(folder, "cache");
  const build = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(join(folder, "build.sh"), words, {
      encoding: "utf8",
      env: { PATH: join(folder, "bin"), HOME: folder, XDG_CACHE_HOME: cache },
    });
    return { status, stdout, stderr };
  };
  return { folder, build, cached: join(cache, "proxmox-nixos-k3s", "programs") };
}

const BUILDS = 'echo built; mkdir -p "$3" && touch "$3/widget"';

describe("testbed/build/build.sh", () => {
  test("reports that Go is missing, and the lowest version that builds the module", () => {
    const { build, cached } = bench();
    expect(build()).toMatchObject({
      status: 1,
      stderr: "go is missing, which builds testbed/build/widgets: install Go 1.99.1 or later\n",
    });
    expect(existsSync(cached)).toBe(false);
  });

  test("refuses a module that does not exist, and names those that do", () => {
    expect(bench().build("gadgets")).toMatchObject({
      status: 1,
      stderr: "gadgets is not a module of testbed/build: widgets\n",
    });
  });

  test("builds a module once, and again when its versions change", () => {
    const { folder, build, cached } = bench(BUILDS);
    expect(build().stdout).toContain("built\n");
    expect(existsSync(join(build("--folder", "widgets").stdout.trim(), "widget"))).toBe(true);
    expect(build()).toEqual({ status: 0, stdout: "", stderr: "" });
    appendFileSync(join(folder, "widgets", "go.sum"), "another\n");
    expect(build().stdout).toContain("built\n");
    expect(readdirSync(cached)).toHaveLength(2);
  });

  test("installs a module of npm packages by its lock file and without scripts, and reports that npm is missing", () => {
    const withGadgets = (npm?: string) => {
      const made = bench(BUILDS, npm);
      mkdirSync(join(made.folder, "gadgets"));
      for (const name of ["package.json", "package-lock.json"])
        writeFileSync(join(made.folder, "gadgets", name), "{}\n");
      return made;
    };
    expect(withGadgets().build("gadgets")).toMatchObject({
      status: 1,
      stderr: "npm is missing, which fetches testbed/build/gadgets\n",
    });
    const { folder, build } = withGadgets('echo "$*" >called');
    expect(build("gadgets")).toMatchObject({ status: 0, stderr: "" });
    const [there, other] = ["gadgets", "widgets"].map((name) => build("--folder", name).stdout.trim());
    expect(readFileSync(join(there as string, "called"), "utf8")).toMatch(/^ci --ignore-scripts /);
    expect(existsSync(other as string)).toBe(false);
    writeFileSync(join(folder, "gadgets", "package-lock.json"), "{ }\n");
    expect(build("--folder", "gadgets").stdout.trim()).not.toBe(there);
  });

  test("fails when a build fails, and leaves nothing of it", () => {
    const { build, cached } = bench(`${BUILDS}; exit 1`);
    expect(build()).toMatchObject({ status: 1, stderr: "testbed/build/widgets was not built\n" });
    expect(readdirSync(cached)).toEqual([]);
  });
});
