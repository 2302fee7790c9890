/** The package as an owner has it: packed, installed, and used in every way that it promises. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { installPackage } from "../../testbed/package/install";
import { REPOSITORY } from "../fixture";
import { codeIn, DOCUMENTS, fenced, textOf } from "../markdown";
import * as constructs from "../../constructs";
import { changedKinds, hashesOf, record, recorded, type Hashes } from "./emitted";

const NAME = "proxmox-nixos-k3s";
const changelog = readFileSync(join(REPOSITORY, "CHANGELOG.md"), "utf8");
let owner: string;
let installed: string;

beforeAll(() => {
  owner = mkdtempSync(join(tmpdir(), "k3s-owner-")); // longer than one test
  installed = installPackage(owner);
  const main = readFileSync(join(REPOSITORY, "main.ts"), "utf8").replace('"./constructs"', `"${NAME}"`);
  writeFileSync(join(owner, "main.ts"), main);
  for (const name of ["authorized_keys", "cdktf.json", "k8s"]) {
    cpSync(join(REPOSITORY, name), join(owner, name), { recursive: true });
  }
});

afterAll(() => rmSync(owner, { recursive: true, force: true }));

const node = (...words: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, words, { cwd: owner, encoding: "utf8" });

/** Text by path. */
const textsIn = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true, encoding: "utf8" })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [relative(folder, path), readFileSync(path, "utf8")]),
  );

test("it has compiled code, types, schemas, and what runs on hosts, and nothing else", () => {
  const kindOf = (path: string): string => path.replace(/[^/.]+(?=\.[^/]+$)/, "*");
  const kinds = new Set(Object.keys(textsIn(installed)).map(kindOf));
  const types = [...kinds].filter((kind) => kind.startsWith("dist/types/"));
  expect(types.every((kind) => kind.endsWith("/*.d.ts"))).toBe(true);
  expect([...kinds].filter((kind) => !types.includes(kind)).sort()).toEqual(
    [
      "LICENSE",
      "*.json",
      "*.md",
      "dist/*.LICENSE",
      "docs/*.md",
      "docs/explanation/*.md",
      "docs/how-to/*.md",
      "docs/pictures/*.svg",
      "docs/reference/*.md",
      "dist/*.js",
      "schemas/*.schema.json",
      "src/rollout/remote/*.sh",
    ].sort(),
  );
});

test("it exports the constructs and nothing else", () => {
  const { stdout } = node("-p", `JSON.stringify(Object.keys(require("${NAME}")))`);
  expect(JSON.parse(stdout)).toEqual(Object.keys(constructs));
  for (const inner of ["dist/bundle.js", "dist/cli.js", "src/config/model"]) {
    expect(node("-e", `require("${NAME}/${inner}")`).stderr).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
  }
});

test("its program loads no package but commander until a command needs more", () => {
  const hook = join(owner, "loaded.cjs");
  const list = 'process.on("exit", () => console.error(Object.keys(require.cache).join("\\n")));';
  writeFileSync(hook, list);
  const { stderr } = node("--require", hook, join(installed, "dist/cli.js"), "--version");
  const packages = [...stderr.matchAll(/.*node_modules\/([^/\n]+)/g)].map(([, name]) => name);
  expect(new Set(packages)).toEqual(new Set([NAME, "commander"]));
});

test("an app that imports it emits the same bytes as the repository's app", () => {
  const { status, stderr } = node(join(installed, "dist/app.js"));
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const hosts = textsIn(join(owner, "nix"));
  expect(Object.keys(hosts).length).toBeGreaterThan(10);
  expect(hosts).toEqual(textsIn(join(REPOSITORY, "nix")));
});

test("an owner's main.ts is type-checked, and a mistake in it is found", () => {
  const tsc = require.resolve("typescript/lib/tsc.js");
  const checked = (): string => node(tsc, "--noEmit", "--skipLibCheck", "-p", ".").stdout;
  expect(checked()).toBe("");
  const main = readFileSync(join(owner, "main.ts"), "utf8");
  try {
    writeFileSync(join(owner, "main.ts"), main.replace("vmId: 135", "vmID: 135"));
    expect(checked()).toContain("'vmID' does not exist");
  } finally {
    writeFileSync(join(owner, "main.ts"), main);
  }
});

/** Settings of the cluster of which a document shows some. */
const SOME = "type Some<T> = T extends object ? { [K in keyof T]?: Some<T[K]> } : T;";

/** A document's block in an owner's `main.ts`: settings of the cluster, or statements after it. */
const blockAsModule = (block: string): string =>
  [
    /new App\(|import \{ App,/.test(block) ? "" : `import { App, TerraformStack } from "cdktf";`,
    block.includes(`from "${NAME}"`)
      ? ""
      : `import { HostFiles, K3sAgentNode, K3sCluster, K3sNode, K3sServerNode, type K3sClusterProps } from "${NAME}";`,
    block.includes("new App(") ? "" : "declare const app: App, stack: TerraformStack, cluster: K3sCluster;",
    /^\w+: /.test(block)
      ? `${SOME}\nexport const settings: Some<K3sClusterProps> = {\n${block}};`
      : `${block}export {};`,
  ].join("\n");

describe("the documents' TypeScript", () => {
  const SETTINGS = /^(network|vm|nixos|k3s|firewall|rollout): \{ [^…]* \}$/;
  const pages = DOCUMENTS.filter((document) => document !== "docs/reference/settings.md");
  const blocks = pages.flatMap((document) => [
    ...fenced(textOf(document), "ts"),
    ...codeIn(textOf(document)).filter((code) => SETTINGS.test(code) && !code.includes("{ from, to")),
  ]);

  /** What the compiler says of each, in a project of an owner. */
  function complaints(texts: readonly string[]): string {
    const folder = mkdtempSync(join(owner, "blocks-"));
    for (const [index, text] of texts.entries())
      writeFileSync(join(folder, `block-${index}.ts`), blockAsModule(text));
    const tsc = require.resolve("typescript/lib/tsc.js");
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: "../tsconfig.json" }));
    const { stdout } = node(tsc, "--noEmit", "--skipLibCheck", "-p", folder);
    rmSync(folder, { recursive: true });
    return stdout;
  }

  test("is valid in an owner's main.ts, and a mistake in it would be found", () => {
    expect(blocks.length).toBeGreaterThan(20);
    expect(complaints(blocks)).toBe("");
    const wrong = [
      "k3s: { serviceLB: true },\n",
      'new K3sAgentNode(cluster, "a", { hostname: "a", vmID: 1 });\n',
    ];
    expect(complaints(wrong)).toMatch(/block-0[^]*serviceLB[^]*block-1[^]*vmID/);
  });
});

test("its program runs an owner's commands", () => {
  const cli = join(installed, "dist/cli.js");
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as {
    version: string;
  };
  expect(node(cli, "--version").stdout.trim()).toBe(version);
  expect(node(cli, "check")).toMatchObject({ status: 0, stderr: "" });
  writeFileSync(join(owner, "main.ts"), "throw new Error();\n");
  expect(node(cli, "check").status).toBe(1);
});

describe("an example", () => {
  const examples = readdirSync(join(REPOSITORY, "examples"));
  const emitted: Record<string, Hashes> = {};

  test.each(examples)("%s synthesizes without a fault or a warning, and is whole", (example) => {
    const folder = mkdtempSync(join(owner, "example-"));
    const main = readFileSync(join(REPOSITORY, "examples", example), "utf8");
    writeFileSync(join(folder, "main.ts"), main);
    cpSync(keyFile(), join(folder, "authorized_keys"));
    symlinkSync(join(owner, "node_modules"), join(folder, "node_modules"));
    const { status, stderr } = spawnSync(process.execPath, [join(installed, "dist/app.js")], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, CDKTF_OUTDIR: "out" },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { nodes } = JSON.parse(readFileSync(join(folder, "nix/cluster.json"), "utf8")) as {
      nodes: { terraformName: string }[];
    };
    const { resource } = JSON.parse(readFileSync(join(folder, "out/stacks/k3s/cdk.tf.json"), "utf8")) as {
      resource: { proxmox_virtual_environment_vm: object };
    };
    emitted[example] = hashesOf(folder);
    const vms = Object.keys(resource.proxmox_virtual_environment_vm);
    expect(vms).toEqual(nodes.map(({ terraformName }) => terraformName).sort());
    // Its comments are true.
    const imported = [...main.matchAll(/import proxmox_virtual_environment_vm\.(\w+) /g)];
    if (imported.length > 0) expect(imported.map(([, name]) => name).sort()).toEqual(vms);
    expect(readFileSync(join(REPOSITORY, "README.md"), "utf8")).toContain(`(examples/${example})`);
  });

  test("has the files of the last version, but for those whose change is in the changelog", () => {
    const [, newest = ""] = /^## \[(\d[^\]]*)\]/m.exec(changelog) ?? [];
    if (process.env.UPDATE_EMITTED === "1") record({ version: newest, examples: emitted });
    const last = recorded();
    expect(last.version).toBe(newest);
    const section =
      /^### Emitted files\n([^]*?)(?=^##)/m.exec(changelog.split(/^## \[\d/m)[0] ?? "")?.[1] ?? "";
    const changed = changedKinds(last.examples, emitted);
    expect(changed.filter((kind) => !section.includes(`\`${kind}\``))).toEqual([]);
  });
});

describe("a project of init", () => {
  test.each([
    ["one server that asks DHCP", ["--agents", "0"]],
    [
      "three servers and five agents with static addresses on three PVE nodes",
      [
        "--servers",
        "3",
        "--agents",
        "5",
        "--pve-nodes",
        "pve1,pve2,pve3",
        "--network",
        "10.20.0.0/16",
        "--gateway",
        "10.20.0.1",
      ],
    ],
    ["a token that a program prints", ["--token-command", "cat token"]],
  ])("of %s has no fault, and its own tests pass", (_, words) => {
    const folder = join(mkdtempSync(join(owner, "project-")), "cluster");
    const key = ["--ssh-key", keyFile()];
    const cli = join(installed, "dist/cli.js");
    expect(node(cli, "init", folder, "--yes", "--no-install", ...key, ...words)).toMatchObject({
      status: 0,
      stderr: "",
    });
    symlinkSync(join(owner, "node_modules"), join(folder, "node_modules"));
    const npm = (...arguments_: string[]): string => {
      const { status, stdout, stderr } = spawnSync("npm", arguments_, { cwd: folder, encoding: "utf8" });
      return `${stdout}${stderr}${status}`;
    };
    const synth = npm("run", "--silent", "synth");
    expect(synth).toMatch(/^Written: \d+ files in nix\/, [^]*0$/);
    expect(synth).not.toContain("Warning");
    expect(npm("run", "--silent", "snapshot")).toMatch(/pass 1[^]*0$/);
    writeFileSync(
      join(folder, "main.ts"),
      readFileSync(join(folder, "main.ts"), "utf8").replace("memoryMib: 8192", "memoryMib: 4096"),
    );
    expect(npm("test")).toMatch(/memoryMib|not what main.ts says/i);
  });
});

/** A public key of nobody, without the warning that the example key causes. */
function keyFile(): string {
  const file = join(mkdtempSync(join(owner, "key-")), "id.pub");
  const blob = Buffer.concat(
    [Buffer.from("ssh-ed25519"), Buffer.alloc(32, 7)].flatMap((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(field.length);
      return [length, field];
    }),
  );
  writeFileSync(file, `ssh-ed25519 ${blob.toString("base64")} nobody\n`);
  return file;
}
