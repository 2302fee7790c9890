/** Commands that are about one cluster, in a project with several. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TerraformStack } from "cdktf";
import type { Command } from "commander";
import { HostFiles } from "../../constructs";
import { chosenCluster } from "../../src/cli/cluster";
import { ExitCode } from "../../src/cli/exit-code";
import { program } from "../../src/cli/program";
import { pathsOf, Session } from "../../src/rollout/session";
import {
  addCluster,
  ALPHARD,
  ALTAIR,
  FURTHER,
  inside,
  REPOSITORY,
  temporaryFolder,
  testApp,
} from "../fixture";
import { CLI } from "../program";

/** A project with the clusters k3s and lab. */
function project(): string {
  const folder = temporaryFolder();
  const app = testApp();
  inside(folder, () => {
    new HostFiles(addCluster(app, [ALPHARD]), "nix");
    new HostFiles(addCluster(new TerraformStack(app, "lab"), [ALTAIR], FURTHER), "nix", {
      folder: "nix-lab",
    });
    app.synth();
  });
  return folder;
}

describe("the cluster that a command is about", () => {
  test("is the named one of several", () => {
    const folder = project();
    expect(chosenCluster({ cluster: "k3s" }, folder)).toEqual({ folder: "nix", stack: "k3s" });
    expect(chosenCluster({ cluster: "lab" }, folder)).toEqual({ folder: "nix-lab", stack: "lab" });
  });

  test("is the only one without a name", () => {
    const folder = project();
    rmSync(join(folder, "nix"), { recursive: true });
    expect(chosenCluster({}, folder)).toEqual({ folder: "nix-lab", stack: "lab" });
  });

  test("is the first one's folder where there is none yet", () => {
    expect(chosenCluster({}, temporaryFolder())).toEqual({ folder: "nix" });
  });

  test.each<[string, string | undefined, (folder: string) => void, string]>([
    [
      "several and no name",
      undefined,
      () => undefined,
      "Choose a cluster: --cluster NAME with one of k3s, lab",
    ],
    ["another name", "home", () => undefined, "The last synth wrote no cluster home, but k3s, lab"],
    [
      "a damaged cluster.json",
      undefined,
      (folder) => writeFileSync(join(folder, "nix", "cluster.json"), "<<<<<<<"),
      "nix does not say its cluster's name",
    ],
    [
      "a name before the first synth",
      "lab",
      (folder) => ["nix", "nix-lab"].forEach((each) => rmSync(join(folder, each), { recursive: true })),
      "There is no cluster yet",
    ],
  ])("is refused with %s", (_, cluster, change, words) => {
    const folder = project();
    change(folder);
    expect(() => chosenCluster({ cluster }, folder)).toThrow(words);
  });

  test("is not looked for in a folder without a cluster.json, or of another name", () => {
    const folder = project();
    mkdirSync(join(folder, "nix-darwin"));
    mkdirSync(join(folder, "nixos"));
    writeFileSync(join(folder, "nixos", "cluster.json"), "{}");
    expect(() => chosenCluster({}, folder)).toThrow(/one of k3s, lab$/);
  });
});

describe("command lines that a command prints", () => {
  test("name the one that it was given, where there are several", () => {
    const folder = named();
    const bin = temporaryFolder();
    const says = (name: string, words: string): void =>
      writeFileSync(join(bin, name), `#!/bin/sh\nprintf '${words}'\n`, { mode: 0o755 });
    says("curl", `${"a".repeat(40)}\\n200`);
    says("nix-prefetch-url", "0".repeat(52));
    says("nix-hash", "0".repeat(64));
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
    const words = ["nixpkgs", "update", "--cluster", "lab"];
    const next = (): string => spawnSync(CLI, words, { cwd: folder, env, encoding: "utf8" }).stdout;
    expect(next()).toMatch(/npm run rollout -- plan --cluster lab\n$/);
    rmSync(join(folder, "nix"), { recursive: true });
    rmSync(join(folder, "nixpkgs-lab.json"));
    expect(next()).toMatch(/npm run rollout -- plan\n$/);
  });

  test("say where a name belongs, of a command that is about all clusters", () => {
    const environment = { ...process.env, PROXMOX_VE_ENDPOINT: "", PROXMOX_VE_API_TOKEN: "" };
    const { stderr } = spawnSync(CLI, ["inventory"], { cwd: named(), env: environment, encoding: "utf8" });
    expect(stderr).toContain("npm run doctor -- --cluster NAME says what to set");
  });

  test("name the cluster whose hosts are in the plan that the gate refuses", () => {
    const plan = join(REPOSITORY, "__tests__/gate/plans/tofu-1.12/not-imported.json");
    const { stdout } = spawnSync(CLI, ["gate", plan], { cwd: named(), encoding: "utf8" });
    expect(stdout).toContain("k3s_agent_1 pve/136 --cluster lab (for");
  });
});

describe("places of a further cluster", () => {
  test("are inside of the first one's, which git ignores; known_hosts is one file", () => {
    expect(pathsOf("nix")).toEqual({
      hosts: "nix",
      knownHosts: "known_hosts",
      logs: ".rollout/logs",
      builds: ".rollout/builds",
      backups: "backups",
      context: "k3s",
    });
    expect(pathsOf("nix-lab")).toEqual({
      hosts: "nix-lab",
      knownHosts: "known_hosts",
      logs: ".rollout/nix-lab/logs",
      builds: ".rollout/nix-lab/builds",
      backups: "backups/nix-lab",
      context: "k3s-lab",
    });
  });

  test("are those of its session, which has its hosts alone", () => {
    inside(project(), () => {
      const session = new Session(pathsOf("nix-lab"), () => undefined);
      expect(session.hosts.map(({ name }) => name)).toEqual(["altair"]);
      session.stop();
    });
  });
});

/** As much of two clusters as has their names, and a host of the second one. */
function named(): string {
  const folder = temporaryFolder();
  for (const [name, stack] of [
    ["nix", "k3s"],
    ["nix-lab", "lab"],
  ] as const) {
    const nodes = stack === "lab" ? [{ hostname: "mizar", nixos: { release: "25.11" } }] : [];
    mkdirSync(join(folder, name));
    writeFileSync(
      join(folder, name, "cluster.json"),
      JSON.stringify({ stack, nodes, cluster: {}, files: {} }),
    );
  }
  return folder;
}

const leaves = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);

const pathOf = (command: Command): string[] =>
  command.parent === null ? [] : [...pathOf(command.parent), command.name()];

/** About all clusters of the app, about Proxmox VE, or about a file. */
const WITHOUT = ["init", "synth", "check", "gate", "inventory", "completion"];

const COMMANDS = leaves(program(() => undefined))
  .map((command) => ({ command, path: pathOf(command) }))
  .filter(({ path }) => !WITHOUT.includes(path[0] ?? ""));

describe("every command that is about one cluster", () => {
  test.each(COMMANDS.map(({ path, command }) => [path.join(" "), command] as const))(
    "%s takes --cluster",
    (_, { options }) => {
      expect(options.map(({ long }) => long)).toContain("--cluster");
    },
  );

  test.each([
    [["rollout", "plan"]],
    [["rollout", "kubeconfig"]],
    [["rollout", "drill", "restore", "--from", "x"]],
    [["template", "scan", "x"]],
    [["nixpkgs", "update"]],
    [["doctor"]],
  ])("%j asks for a name where there are several", (words) => {
    const { status, stderr } = spawnSync(CLI, words, { cwd: named(), encoding: "utf8" });
    expect(stderr).toContain("Choose a cluster: --cluster NAME with one of k3s, lab");
    expect(status).toBe(ExitCode.Usage);
  });
});
