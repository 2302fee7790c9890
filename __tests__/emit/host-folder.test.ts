import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { delivered, fromDelivered, readHostFolder } from "../../src/emit/host-folder";
import { relativePaths } from "../../src/emit/nix-paths";
import { temporaryFolder } from "../fixture";

/** A project's folder of hosts, with these files. */
function project(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = join(temporaryFolder(), "nix");
  for (const [path, content] of Object.entries({ "hamal/configuration.nix": "{ }\n", ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

const filesOf = (folder: string): string[] => [...readHostFolder(folder, "hamal").files.keys()];
const faultsOf = (folder: string): readonly string[] =>
  readHostFolder(folder, "hamal").faults.map((fault) => fault.replaceAll(`${folder}/`, ""));

test.each<[string, string[]]>([
  ["imports = [ ./monitoring/node.nix ../common.nix ];", ["./monitoring/node.nix", "../common.nix"]],
  ["text = builtins.readFile ./registries.yaml;", ["./registries.yaml"]],
  ["imports = [ monitoring/node.nix ];", ["monitoring/node.nix"]],
  ["x = ./${name}.nix; y = ../modules/${name}/a.nix;", ["./", "../modules/"]],
  ["x = ./hosts-${name}.nix;", ["./"]],
  ["x = ./.; y = ../.;", ["./.", "../."]],
  ["# ./comment.nix\n/* ../block.nix\n*/ x = 1;", []],
  [
    "x = \"./text.nix ${./inside.nix}\"; y = ''\n  ../text.nix ''${./no.nix} ${../yes.nix}\n'';",
    ["./inside.nix", "../yes.nix"],
  ],
  ["x = /etc/absolute.nix; y = <nixpkgs/nixos>; z = ~/home.nix; u = https://example.org/a.nix;", []],
  ["x = a // b; y = a.b.c; z = 6 / 3;", []],
])("the relative paths in %j are %j", (text, paths) => {
  expect(relativePaths(text)).toEqual(paths);
});

test("a host gets every file of its directory, and hidden files only when they are named", () => {
  const folder = project({
    "hamal/local.nix": "{ imports = [ ./.hidden.nix ]; }",
    "hamal/registries.yaml": "mirrors: {}\r\n",
    "hamal/monitoring/with blank/node.nix": "{ }",
    "hamal/empty": "",
    "hamal/.hidden.nix": "{ }",
    "hamal/.DS_Store": "x",
    "mizar/configuration.nix": "{ }",
    "common.nix": "{ }",
  });
  const { files, faults } = readHostFolder(folder, "hamal");
  expect([...files.keys()]).toEqual([
    ".hidden.nix",
    "configuration.nix",
    "empty",
    "local.nix",
    "monitoring/with blank/node.nix",
    "registries.yaml",
  ]);
  expect(files.get("registries.yaml")).toBe("mirrors: {}\r\n");
  expect(faults).toEqual([]);
});

test("a folder that is named as a file is a folder", () => {
  expect(filesOf(project({ "hamal/x.nix/default.nix": "{ }" }))).toContain("x.nix/default.nix");
});

test("what its files name outside of its directory comes along, and what that names", () => {
  const folder = project({
    "hamal/local.nix": "{ imports = [ ../common.nix ../modules ]; }",
    "common.nix": "{ imports = [ profiles/base.nix ]; }",
    "profiles/base.nix": "{ }",
    "profiles/other.nix": "{ }",
    "modules/default.nix": "{ imports = [ ./a.nix ]; }",
    "modules/a.nix": "{ }",
    "unnamed.nix": "{ }",
  });
  expect(filesOf(folder)).toEqual([
    "../common.nix",
    "../modules/a.nix",
    "../modules/default.nix",
    "../profiles/base.nix",
    "configuration.nix",
    "local.nix",
  ]);
});

test("shared files have the same relative paths on the host as in the project, and are recognized there", () => {
  const folder = project({ "hamal/local.nix": "{ imports = [ ../common.nix ]; }", "common.nix": "{ }" });
  const { files } = readHostFolder(folder, "hamal");
  const there = delivered(files, "hamal");
  expect([...there.keys()]).toEqual([
    "configuration.nix",
    "common.nix",
    "hamal/configuration.nix",
    "hamal/local.nix",
  ]);
  expect(there.get("configuration.nix")).toContain("imports = [ ./hamal/configuration.nix ];");
  expect(new Map([...fromDelivered(there, "hamal")].sort())).toEqual(files);
});

test("without shared files, the host's own files are all of /etc/nixos, in both directions", () => {
  const { files } = readHostFolder(project({ "hamal/local.nix": "{ }" }), "hamal");
  expect(delivered(files, "hamal")).toEqual(files);
  expect(fromDelivered(files, "hamal")).toEqual(files);
});

test("a link within the project is followed; one that leads out of it, or nowhere, is a fault", () => {
  const folder = project({ "shared/a.yaml": "a: 1" });
  symlinkSync("../shared", join(folder, "hamal", "linked"));
  symlinkSync("/etc/hostname", join(folder, "hamal", "hostname"));
  symlinkSync("nowhere", join(folder, "hamal", "dangling"));
  symlinkSync(".", join(folder, "hamal", "loop"));
  expect(readHostFolder(folder, "hamal").files.get("linked/a.yaml")).toBe("a: 1");
  const faults = faultsOf(folder);
  expect(faults).toContain("hamal/hostname is a link that leads out of the project");
  expect(faults).toContain("hamal/dangling is a dangling link");
  expect(faults).toContainEqual(expect.stringMatching(/loop.* is more than 16 folders deep/));
});

test("what no rollout delivers is named, all at once", () => {
  const folder = project({
    "hamal/local.nix": "{ imports = [ ../../outside.nix ../configuration.nix ]; all = ../..; }",
    "configuration.nix": "{ }",
    "hamal/as-large-as-allowed.txt": "x".repeat(255 * 1024),
    "hamal/logo.png": Buffer.from([0x89, 0x50, 0xff]),
    "hamal/large.txt": "x".repeat(256 * 1024),
    "hamal/line\nbreak": "",
  });
  execFileSync("mkfifo", [join(folder, "hamal", "pipe")]);
  expect(faultsOf(folder).map((fault) => fault.replace(folder, "nix"))).toEqual([
    "hamal/large.txt is larger than 255 KiB",
    expect.stringContaining("has a name with control characters, or with spaces at its start or end"),
    "hamal/local.nix refers to ../../outside.nix, which is outside of nix and is not delivered to hosts",
    "configuration.nix has the name of the host's own configuration; rename it, also in hamal/local.nix",
    "hamal/local.nix refers to ../.., which is outside of nix and is not delivered to hosts",
    "hamal/logo.png is not text in UTF-8",
    "hamal/pipe is not a regular file",
  ]);
});

test("more files than a rollout delivers are a fault", () => {
  const many = Object.fromEntries([...Array(501).keys()].map((number) => [`hamal/${number}.txt`, ""]));
  expect(faultsOf(project(many))).toContain("hamal has more than 500 files");
});

test("line ends of a checkout on Windows are not delivered in Nix files", () => {
  const folder = project({ "hamal/local.nix": "{\r\n}\r\n" });
  expect(readFileSync(join(folder, "hamal", "local.nix"), "utf8")).toContain("\r");
  expect(readHostFolder(folder, "hamal").files.get("local.nix")).toBe("{\n}\n");
});
