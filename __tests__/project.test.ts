import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { Project } from "./project";

const stateOf = (project: Project, stack: string): string => {
  const folder = project.path("cdktf.out", "stacks", stack);
  const { terraform } = JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8"));
  return resolve(folder, terraform.backend.local.path);
};

test("the committed nix/ is what main.ts says", () => {
  const { status, output } = Project.withCode().npm("check");
  expect([status, output]).toEqual([0, "The host files match main.ts.\n"]);
});

test("a stale nix/ fails the check with a diff and what to do", () => {
  const project = new Project();
  project.edit("main.ts", (text) =>
    text.replace(
      "new HostFiles",
      'new K3sAgentNode(cluster, "k3s-agent-2", { hostname: "alnair", vmId: 137 });\nnew HostFiles',
    ),
  );
  const { status, output } = project.program("check");
  expect(status).toBe(2);
  expect(output).toMatch(
    /stale +nix\/k3s-agent\/nftables\.nft[^]*missing +nix\/k3s-agent-2\/configuration\.nix/,
  );
  expect(output).toContain("+      172.22.0.137 . BC:24:11:B3:ED:04, # alnair");
  expect(output).toContain("To rewrite the files: npm run synth");
  expect(output).not.toContain("    at ");
});

test("--accept overwrites an edited file, whatever context cdktf.json has", () => {
  const project = new Project();
  const file = "nix/k3s-agent/nftables.nft";
  const emitted = project.text(file);
  project.edit(file, (text) => text.replace("policy drop", "policy accept"));
  project.edit("cdktf.json", (text) =>
    text.replace('"context": {}', '"context": { "hostFiles": {}, "mine": 1 }'),
  );
  project.edit("main.ts", (text) =>
    text.replace(
      "new App();",
      'new App();\nif (app.node.tryGetContext("mine") !== 1) throw new Error("no context");',
    ),
  );
  const { status, output } = project.npm("synth");
  expect([status, output]).toEqual([1, expect.stringContaining(`npm run synth -- --accept ${file}`)]);
  expect(project.npm("synth", "--", "--accept", "it's not there", "--accept", file)).toMatchObject({
    status: 0,
  });
  expect(project.text(file)).toBe(emitted);
  expect(project.program("check")).toMatchObject({ status: 0 });
});

test.each([
  [/new HostFiles.*\n/, "main.ts emits no host files: add a HostFiles to the cluster\n"],
  ["app.synth();\n", "main.ts synthesizes nothing: end it with app.synth()\n"],
])("a check with nothing to check fails: without %s", (from, output) => {
  const project = new Project();
  project.edit("main.ts", (text) => text.replace(from, ""));
  expect(project.program("check")).toEqual({ status: 1, output });
  expect(project.script("synth")).toEqual({ status: 1, output });
});

test("one statement in main.ts is a fourth node", () => {
  const project = new Project();
  const before = readFileSync(project.path("main.ts"), "utf8").split("\n").length;
  project.edit("main.ts", (text) =>
    text.replace(
      "new HostFiles",
      'new K3sAgentNode(cluster, "k3s-agent-2", { hostname: "alnair", vmId: 137 });\nnew HostFiles',
    ),
  );
  expect(readFileSync(project.path("main.ts"), "utf8").split("\n")).toHaveLength(before + 1);
  expect(project.synth().status).toBe(0);
  expect(readdirSync(project.path("nix"))).toEqual([
    "README.md",
    "cluster.json",
    "k3s-agent",
    "k3s-agent-1",
    "k3s-agent-2",
    "k3s-server",
    "names.md",
    "templates",
  ]);
  expect(project.program("check").status).toBe(0);
});

test("main.ts takes the pin of nixpkgs from the file that nixpkgs update writes", () => {
  const project = new Project();
  const rev = "0123456789abcdef0123456789abcdef01234567";
  const hash = "sha256-AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
  project.write("nixpkgs.json", JSON.stringify({ rev, hash }));
  project.edit("main.ts", (text) =>
    `import nixpkgs from "./nixpkgs.json";\n${text}`.replace("nixos: {", "nixos: {\n    nixpkgs,"),
  );
  expect(project.synth().status).toBe(0);
  expect(project.text("nix/flake.nix")).toContain(`github:NixOS/nixpkgs/${rev}`);
  expect(project.text("nix/k3s-agent/configuration.nix")).toContain(`revisionWithDefault "${rev}"`);
});

test("a renamed stack finds its state", () => {
  const project = new Project();
  expect(project.npm("synth").status).toBe(0);
  const state = stateOf(project, "k3s");
  expect(state).toBe(project.path("state", "terraform.tfstate"));
  project.write("state/terraform.tfstate", "{}");
  project.edit("main.ts", (text) =>
    text.replace('TerraformStack(app, "k3s")', 'TerraformStack(app, "homelab")'),
  );
  expect(project.npm("synth").status).toBe(0);
  expect(readdirSync(project.path("cdktf.out", "stacks"))).toEqual(["homelab"]);
  expect(stateOf(project, "homelab")).toBe(state);
  expect(existsSync(state)).toBe(true);
});

test("faults are shown without a stack trace", () => {
  const project = new Project();
  project.edit("main.ts", (text) => text.replace("vmId: 136", "vmId: 135"));
  const { status, output } = project.npm("synth");
  expect(status).not.toBe(0);
  expect(output).toContain("'hamal' and 'mizar' both use 135 as 'vmId'");
  expect(output).not.toMatch(/^ +at |skipValidation|node:internal/m);
});

test("the reference cluster's JSON, as main.ts synthesizes it, without a path of this machine", () => {
  const project = Project.withCode();
  expect(project.synth().status).toBe(0);
  const json = readFileSync(project.path("cdktf.out", "stacks", "k3s", "cdk.tf.json"), "utf8");
  expect(json).not.toContain(project.folder);
  expect(json).not.toMatch(/"\/(home|root|tmp|work|Users)\//);
  const withoutMetadata = (key: string, value: unknown): unknown => (key === "//" ? undefined : value);
  expect(JSON.parse(json, withoutMetadata)).toMatchSnapshot();
});

// tsx, src/cli.ts, `relaySignals`.
test("no script runs by the command tsx, which kills a program that does not handle a signal within 60 ms", () => {
  const { scripts } = JSON.parse(new Project().text("package.json")) as { scripts: Record<string, string> };
  expect(
    Object.entries(scripts).filter(([, script]) => /(^|[ &;])tsx /.test(script.replace("--import tsx ", ""))),
  ).toEqual([]);
});
