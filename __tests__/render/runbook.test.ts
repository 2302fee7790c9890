import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fn, TerraformStack, TerraformVariable } from "cdktf";
import type { Cluster } from "../../src/config/model";
import packageJson from "../../package.json";
import { renderReadme } from "../../src/render/readme";
import { addCluster, ALPHARD, REPOSITORY, temporaryFolder, testApp, type TestNode } from "../fixture";
import { CLI } from "../program";
import { fenced, textOf } from "../markdown";
import { BASH, FISH, typed, ZSH, type Shell } from "../shells";
import { cluster } from "../system/clusters";
import { describeWith } from "../system/tools";
import { K3S_COMMANDS } from "./k3s-commands";

const STATIC = { gateway: "172.22.0.1", nameservers: ["9.9.9.9"] };
const READMES = [
  renderReadme(cluster({}), ["nix"]),
  renderReadme(cluster({ agents: 0 }), ["nix"]),
  renderReadme(
    cluster({
      servers: 3,
      network: STATIC,
      k3s: {
        flannelBackend: "host-gw",
        embeddedRegistry: true,
        traefik: false,
        tokenFile: "/run/secrets/token",
      },
      apiEndpoint: "https://k3s.example.org:6443",
      server: [
        {
          nodeLabels: { zone: "a" },
          nodeTaints: ["a=b:NoSchedule"],
          k3sFlags: ["--kubelet-arg=max-pods=50"],
        },
      ],
    }),
    ["deploy/nix", "k8s/README.md"],
  ),
  renderReadme(
    cluster({
      servers: 3,
      k3s: { tokenFile: "/var/lib/k3s-secrets/token", agentTokenFile: "/var/lib/k3s-secrets/agent-token" },
    }),
    ["nix"],
  ),
];

const SCRIPTS = READMES.flatMap((readme) => fenced(readme, "sh"));

/** Simple commands of a script. Commands that `ssh` runs on a host are listed separately. */
function commandsOf(script: string): string[][] {
  return script
    .split(/\n|&& |\| |; do\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== "done" && !line.startsWith("for "))
    .flatMap((line) => {
      const [, remote] = /^ssh root@(?:[\d.]+|\$host) (.*)$/.exec(line) ?? [];
      return remote === undefined
        ? [words(line)]
        : [["ssh"], ...commandsOf(remote.replace(/^'([^]*?)'?$/, "$1"))];
    });
}

const words = (line: string): string[] => line.replace(/'$/, "").split(" ");

const COMMANDS = SCRIPTS.flatMap(commandsOf);
const of = (program: string): string[][] =>
  COMMANDS.filter(([name]) => name === program).map(([, ...rest]) => rest);

test("every block is a script that sh can read", () => {
  expect(SCRIPTS.length).toBeGreaterThan(25);
  const wrong = SCRIPTS.filter((script) => spawnSync("sh", ["-n"], { input: script }).status !== 0);
  expect(wrong).toEqual([]);
});

test("every command is of a program that is checked below", () => {
  const known = [
    "npm",
    "git",
    "ssh",
    "scp",
    "k3s",
    "systemctl",
    "truncate",
    "rm",
    "mkdir",
    "mv",
    "cat",
    "install",
    "poweroff",
    // ./template-vm.test.ts
    "nix-build",
    "qm",
  ];
  expect([...new Set(COMMANDS.map(([name]) => name))].filter((name) => !known.includes(name ?? ""))).toEqual(
    [],
  );
});

test("npm runs scripts that there are", () => {
  const scripts = of("npm").flatMap(([command, script]) => (command === "run" ? [script as string] : []));
  expect(new Set(scripts)).toEqual(new Set(["synth", "plan", "apply", "preview", "check", "rollout"]));
  expect(scripts.filter((script) => !(script in packageJson.scripts))).toEqual([]);
  expect(of("npm").filter(([command]) => command !== "run")).toEqual(READMES.map(() => ["ci"]));
});

describe("the rollout program itself", () => {
  const calls = new Map(
    of("npm")
      .filter(([, script]) => script === "rollout")
      .map((call) => [call.join(" "), call.slice(3)] as const),
  );
  /** A command, or one of a group. */
  const commandOf = ([first = "", second = ""]: readonly string[]): string[] =>
    first === "drill" ? [first, second] : [first];

  test.each([...calls])("knows npm %s", (_, words) => {
    const command = commandOf(words);
    const rest = words.slice(command.length);
    const { status, stdout } = spawnSync(CLI, ["rollout", ...command, "--help"], {
      cwd: REPOSITORY,
      encoding: "utf8",
    });
    expect(status).toBe(0);
    expect(stdout).toContain(`rollout ${command.join(" ")} `);
    for (const option of rest.filter((word) => word.startsWith("--"))) expect(stdout).toContain(option);
    const hosts = rest.filter((word) => /^[a-z]+-\d$/.test(word));
    if (hosts.length > 0) expect(stdout).toMatch(/Usage: .*<host>/);
  });

  test("is called in each way that the runbook describes", () => {
    const commands = new Set([...calls.values()].map((words) => commandOf(words).join(" ")));
    expect(commands).toEqual(
      new Set([
        "plan",
        "apply",
        "kubeconfig",
        "remove",
        "rotate",
        "upgrade",
        "verify",
        "drill restore",
        "restore",
      ]),
    );
  });
});

test("an upgrade is described in the words of its guide, from the backup to the way back", () => {
  const plain = (text: string): string =>
    text
      .replace(/<!--.*?-->/g, "")
      .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
      .replace(/\s+/g, " ");
  const guide = plain(textOf("docs/how-to/upgrade-cluster.md"));
  const [section = ""] = /### Upgrade NixOS and K3s[^]*?\n### /.exec(READMES[0] as string) ?? [];
  const shared = plain(section.slice(section.indexOf("1. It takes"), section.lastIndexOf("###"))).trim();
  const sentences = shared.split(/(?<=\.) (?=[A-Z])/);
  expect(sentences.length).toBeGreaterThan(8);
  expect(sentences.filter((sentence) => !guide.includes(sentence.replace(/\.$/, "")))).toEqual([]);
});

test("a pin of nixpkgs follows the release where there is one", () => {
  const nixpkgs = { rev: "a".repeat(40), hash: `sha256-${"A".repeat(43)}=` };
  const pinned = renderReadme({ ...cluster({}), nixos: { nixpkgs } }, ["nix"]);
  expect(pinned).toContain("npm run synth\nnpm run nixpkgs -- update && npm run synth\nnpm run preview\n");
  expect(READMES.join("")).not.toContain("npm run nixpkgs");
});

test("K3s has every command and flag", () => {
  const calls = of("k3s");
  expect(calls.length).toBeGreaterThanOrEqual(4 * READMES.length);
  const unknown = calls.filter((call) => {
    const command = call.filter((word) => /^[a-z-]+$/.test(word) && !word.startsWith("-")).slice(0, 2);
    const flags = K3S_COMMANDS[command.join(" ")] ?? K3S_COMMANDS[command[0] ?? ""];
    const used = call.filter((word) => word.startsWith("--")).map((word) => word.split("=")[0] as string);
    return flags === undefined || !used.every((flag) => flags.includes(flag));
  });
  expect(unknown).toEqual([]);
});

test("systemctl stops, starts and restarts k3s, its unit on servers and agents", () => {
  expect([...new Set(of("systemctl").map((call) => call.join(" ")))].sort()).toEqual([
    "restart k3s",
    "start k3s",
    "stop k3s",
  ]);
});

test("the etcd restore runs K3s with the flags of its service", () => {
  const [, , several = ""] = READMES;
  const restore =
    fenced(several, "sh").find((script) => script.includes("--cluster-reset-restore-path")) ?? "";
  for (const flag of [
    "--token-file=/run/secrets/token",
    "--flannel-backend=host-gw",
    "--embedded-registry",
    "--tls-san=k3s.example.org",
    "--disable=traefik",
    "--node-taint=a=b:NoSchedule",
    "--kubelet-arg=max-pods=50",
  ]) {
    expect(restore).toContain(` ${flag}`);
  }
});

describe.each([BASH, ZSH, FISH])("the etcd restore, typed into $name", (shell) => {
  describeWith([shell], "the name of an owner", () => {
    test("passes every flag to K3s unchanged", () => handsOverEveryFlag(shell));
  });
});

function handsOverEveryFlag(shell: Shell): void {
  const flags = ["--kubelet-arg=a=!b", "--kubelet-arg=c=$HOME`id`", "--kubelet-arg=d=;&|*?[x]{y,z}#(~)<>^"];
  const readme = renderReadme(cluster({ k3s: { agentFlags: [], serverFlags: flags } }), ["nix"]);
  const command = /^ssh .* k3s server .*$/m.exec(readme)?.[0] ?? "";
  const folder = temporaryFolder();
  // Instead of `ssh`, the shell to which it passes its words.
  writeFileSync(join(folder, "ssh"), '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
  writeFileSync(join(folder, "k3s"), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
  const printed = typed(`${command}\n`, shell, { PATH: `${folder}:${process.env.PATH}` });
  expect(printed.split("\n").filter((line) => line.startsWith("--kubelet-arg"))).toEqual(flags);
}

test("a document whose name has a space is one word of a command", () => {
  expect(renderReadme(cluster({}), ["nix", "k8s/our notes.md"])).toContain(
    "git add nix 'k8s/our notes.md'\n",
  );
});

test("no join token is an argument of a program on the operator's machine", () => {
  const withToken = SCRIPTS.flatMap((script) => script.split("\n")).filter((line) =>
    line.includes("new-token"),
  );
  expect(withToken.length).toBeGreaterThan(0);
  // Single quotes: the host's shell reads the file, and K3s hides its arguments (pkg/cli/token).
  for (const line of withToken) expect(line.replace(/'[^']*'/g, "")).not.toContain("$(");
});

test("copies of etcd's data are in a place that git ignores", () => {
  const copies = of("scp").filter((words) => words[0] === "-p");
  expect(copies).toHaveLength(READMES.length);
  for (const copy of copies) expect(copy.at(-1)).toBe("~/k3s-snapshots/");
  expect(of("mkdir")).toEqual(READMES.map(() => ["-p", "-m", "700", "~/k3s-snapshots"]));
});

describe("the first deployment", () => {
  const section = (readme: string): string => /### First deployment\n([^]*?)\n### /.exec(readme)?.[1] ?? "";
  const first = (of: Cluster): string => section(renderReadme(of, ["nix"]));

  const environmentOf = (settings: (variable: string, other: string) => Partial<TestNode>): string => {
    const stack = new TerraformStack(testApp(), "k3s");
    const [rack = "", pool = ""] = ["rack", "pool"].map(
      (name) => new TerraformVariable(stack, name, { type: "string" }).stringValue,
    );
    const { cluster, variables } = addCluster(stack, [{ ...ALPHARD, ...settings(rack, pool) }]).resolve();
    const text = section(renderReadme(cluster, ["nix"], variables));
    return /or later, set (.*) in your environment, and run:/.exec(text)?.[1] ?? "";
  };

  test.each<[string, string, (rack: string, pool: string) => Partial<TestNode>]>([
    ["as a whole value", ", `TF_VAR_rack` and `TF_VAR_pool`", (rack, pool) => ({ pool, pveNode: rack })],
    ["amid other text", " and `TF_VAR_rack`", (rack) => ({ description: `in ${rack}` })],
    ["twice", " and `TF_VAR_rack`", (rack) => ({ description: `in ${rack}`, pveNode: rack })],
    ["within a function", " and `TF_VAR_rack`", (rack) => ({ description: Fn.upper(rack) })],
    ["in a person's text, and not", "", () => ({ description: "costs ${var.money}", pool: "var.pool" })],
  ])("names a variable that is referenced %s", (_, others, settings) => {
    const credentials = ["`PROXMOX_VE_ENDPOINT`", "`PROXMOX_VE_API_TOKEN`"];
    expect(environmentOf(settings)).toBe(credentials.join(others === "" ? " and " : ", ") + others);
  });

  test.each([
    ["nowhere", cluster({}), true],
    ["a command", { ...cluster({}), rollout: { tokenCommand: ["sops", "-d", "token.enc"] } }, false],
    ["a file", { ...cluster({}), rollout: { tokenPath: "token" } }, false],
    ["what fills /run", cluster({ k3s: { tokenFile: "/run/secrets/token" } }), false],
  ] as const)("asks for the join token's source when it comes from %s", (_, of, asks) => {
    const text = first(of);
    expect(text).toContain("npm run rollout -- apply");
    expect(text.includes("The rollout needs the join token")).toBe(asks);
  });
});
