/** The packages of a base whose lock file differs, installed by the real npm from tarballs, without a registry. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { basePackages, type BasePackages } from "../../src/preview/packages";
import { cached } from "../../src/preview/package-cache";
import { temporaryFolder, type Json } from "../fixture";

/** Nobody listens there. */
const REGISTRY = "http://127.0.0.1:1/";

const own = { ...process.env };
let root: string;

beforeEach(() => {
  root = temporaryFolder();
  process.env.XDG_CACHE_HOME = join(root, "cache");
  process.env.npm_config_cache = join(root, "npm");
  process.env.npm_config_registry = REGISTRY;
});

afterEach(() => {
  process.env = { ...own };
});

/** A tarball of a package that exports its version. */
function tarball(folder: string, version: string, more: object = {}): string {
  const file = join(folder, "tool.tgz");
  const source = join(temporaryFolder(), "package");
  mkdirSync(source);
  writeFileSync(join(source, "package.json"), JSON.stringify({ name: "tool", version, ...more }));
  writeFileSync(join(source, "index.js"), `module.exports = "${version}";\n`);
  execFileSync("tar", ["-czf", file, "-C", join(source, ".."), "package"]);
  return file;
}

/** A project that depends on a package, locked as npm locks it. */
function project(name: string, spec: string, entry: object): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  const own = { name, version: "1.0.0", dependencies: { tool: spec } };
  const packages = { "": own, "node_modules/tool": entry };
  write(folder, "package.json", own);
  write(folder, "package-lock.json", {
    name,
    version: "1.0.0",
    lockfileVersion: 3,
    requires: true,
    packages,
  });
  return folder;
}

const write = (folder: string, name: string, json: object): void =>
  writeFileSync(join(folder, name), JSON.stringify(json));

const lockOf = (folder: string): Json => JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));

/** A project whose tarball is in its tree. */
function withTool(name: string, version: string, more: object = {}): string {
  mkdirSync(join(root, name));
  const file = tarball(join(root, name), version, more);
  return project(name, "file:tool.tgz", {
    version,
    resolved: "file:tool.tgz",
    integrity: integrityOf(file),
    ...more,
  });
}

const integrityOf = (file: string): string =>
  `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;

const packagesOf = (
  base: string,
  working: string,
  {
    started = () => undefined,
    signal = new AbortController().signal,
  }: { started?: () => void; signal?: AbortSignal } = {},
): Promise<BasePackages> => basePackages({ project: working, working, base }, started, signal);

const toolIn = ({ modules = "" }: BasePackages): string =>
  readFileSync(join(modules, "tool/index.js"), "utf8");

const cacheEntries = (): string[] => readdirSync(join(root, "cache/proxmox-nixos-k3s/packages"));

const OWN = "package-lock.json differs: the base ran with its own packages.";

test("a base whose lock file differs gets its own packages, installed once", async () => {
  const [base, working] = [withTool("base", "1.0.0"), withTool("working", "2.0.0")];
  const started = jest.fn();
  const first = await packagesOf(base, working, { started });
  expect([first.note, toolIn(first)]).toEqual([OWN, 'module.exports = "1.0.0";\n']);
  expect(started).toHaveBeenCalledTimes(1);
  rmSync(join(base, "tool.tgz"));
  expect(await packagesOf(base, working, { started })).toEqual(first);
  expect(started).toHaveBeenCalledTimes(1);
});

test("a project's own version is not a package", async () => {
  const working = withTool("working", "1.0.0");
  const base = project("base", "file:tool.tgz", lockOf(working).packages["node_modules/tool"]);
  const { packages, ...rest } = lockOf(base);
  const own = { ...packages[""], version: "1.1.0" };
  write(base, "package-lock.json", { ...rest, version: "1.1.0", packages: { ...packages, "": own } });
  expect(await packagesOf(base, working)).toEqual({});
});

test.each([
  ["relative", () => "file:../tool.tgz"],
  ["absolute", () => `file:${join(root, "tool.tgz")}`],
])("a tarball outside of the repository is found by its %s path", async (_, spec) => {
  const integrity = integrityOf(tarball(root, "1.0.0"));
  // As a preview has it: the base's tree is elsewhere than the project.
  const base = project("preview/deep/base", spec(), {
    version: "1.0.0",
    resolved: "file:../tool.tgz",
    integrity,
  });
  expect(toolIn(await packagesOf(base, withTool("working", "2.0.0")))).toContain("1.0.0");
});

describe("a base whose packages cannot be installed runs with the working tree's, and it is said why:", () => {
  const refused = (reason: string): BasePackages => ({
    note: expect.stringMatching(
      new RegExp(
        `^package-lock\\.json differs, but the base ran with this tree's packages.*\\(.*${reason}.*\\)\\.$`,
      ),
    ) as unknown as string,
  });

  test("the registry is out of reach", async () => {
    const resolved = `${REGISTRY}tool/-/tool-1.0.0.tgz`;
    const base = project("base", "1.0.0", { version: "1.0.0", resolved });
    expect(await packagesOf(base, withTool("working", "2.0.0"))).toEqual(refused("npm error"));
    expect(cacheEntries()).toEqual([]);
  });

  test("a tarball is no longer the one that the base was locked to", async () => {
    const base = withTool("base", "1.0.0");
    tarball(base, "1.5.0");
    expect(await packagesOf(base, withTool("working", "2.0.0"))).toEqual(refused("EINTEGRITY"));
  });

  test("a dependency is a folder", async () => {
    const base = project("base", "file:lib", { resolved: "lib", link: true });
    expect(await packagesOf(base, withTool("working", "2.0.0"))).toEqual(
      refused("node_modules/tool is a link to a folder"),
    );
  });

  test("there is no npm", async () => {
    const [base, working] = [withTool("base", "1.0.0"), withTool("working", "2.0.0")];
    process.env.PATH = join(root, "nowhere");
    expect(await packagesOf(base, working)).toEqual(refused("npm does not start"));
  });

  test("its lock file is damaged", async () => {
    const base = withTool("base", "1.0.0");
    writeFileSync(join(base, "package-lock.json"), "<<<<<<<");
    expect(await packagesOf(base, withTool("working", "2.0.0"))).toEqual(refused("JSON"));
  });
});

test("no script of a package runs", async () => {
  const planted = join(root, "planted");
  const base = withTool("base", "1.0.0", { scripts: { postinstall: `touch ${planted}` } });
  expect(toolIn(await packagesOf(base, withTool("working", "2.0.0")))).toContain("1.0.0");
  expect(existsSync(planted)).toBe(false);
});

test("npm gets its own settings of the environment, and no credentials", async () => {
  const [base, working] = [withTool("base", "1.0.0"), withTool("working", "2.0.0")];
  const programs = join(root, "programs");
  mkdirSync(programs);
  writeFileSync(join(programs, "npm"), `#!/bin/sh\nenv >${join(root, "env")}\n`);
  chmodSync(join(programs, "npm"), 0o755);
  Object.assign(process.env, {
    PATH: `${programs}:${process.env.PATH}`,
    PROXMOX_VE_API_TOKEN: "planted",
    TF_VAR_token: "planted",
    SSH_AUTH_SOCK: "/planted",
    HTTPS_PROXY: "http://proxy.example.org:3128",
  });
  expect((await packagesOf(base, working)).note).toBe(OWN);
  const env = readFileSync(join(root, "env"), "utf8");
  expect(env).not.toContain("planted");
  expect(env).toContain("HTTPS_PROXY=http://proxy.example.org:3128");
  expect(env).toContain(`npm_config_registry=${REGISTRY}`);
});

test("the cache keeps the three that were used last, and nothing of an install that was killed", async () => {
  const folder = join(root, "cache/proxmox-nixos-k3s/packages");
  mkdirSync(join(folder, "incomplete-old"), { recursive: true });
  utimesSync(join(folder, "incomplete-old"), 0, 0);
  mkdirSync(join(folder, "incomplete-new"));
  const use = (key: string): Promise<string> =>
    cached(key, async (making) => writeFileSync(join(making, "key"), key));
  for (const [index, key] of ["a", "b", "c"].entries())
    utimesSync(await use(key), 1000 + index, 1000 + index);
  for (const key of ["a", "d"]) await use(key);
  const keys = cacheEntries().map((name) =>
    name.startsWith("i") ? name : readFileSync(join(folder, name, "key"), "utf8"),
  );
  expect(keys.sort()).toEqual(["a", "c", "d", "incomplete-new"]);
});

test("an install that is interrupted leaves nothing", async () => {
  const [base, working] = [withTool("base", "1.0.0"), withTool("working", "2.0.0")];
  const stop = new AbortController();
  const interrupted = packagesOf(base, working, { started: () => stop.abort("SIGINT"), signal: stop.signal });
  await expect(interrupted).rejects.toMatchObject({ code: "interrupted" });
  expect(cacheEntries()).toEqual([]);
});
