import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { programPath } from "../../src/base/programs";
import { failureDocument } from "../../src/cli/failure";
import { UserError } from "../../src/base/user-error";
import { inWords, doctorDocument } from "../../src/cli/doctor";
import type { Check } from "../../src/doctor/check";
import { diagnose } from "../../src/doctor/doctor";
import { REPOSITORY, temporaryFolder } from "../fixture";
import { CLI } from "../program";
import { spawnSync } from "node:child_process";
import { schemaFaults, asPrinted } from "../json-schema";
import { displayWidth } from "../../src/base/wrap";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- JSON of some shape
type Json = any;

/** The operator's machine and project, set up by the test. */
class Machine {
  public readonly folder = temporaryFolder();
  public readonly hosts: string = "nix";
  public readonly home = join(this.folder, "home");
  private readonly bin = join(this.folder, "bin");
  public env: NodeJS.ProcessEnv = { PATH: this.bin };

  public constructor() {
    for (const folder of [this.bin, join(this.home, ".ssh"), join(this.folder, "nix")])
      mkdirSync(folder, { recursive: true });
    this.cluster(() => undefined);
  }

  /** cluster.json of the reference cluster, changed. */
  public cluster(change: (cluster: Json) => void): void {
    const json = JSON.parse(readFileSync(join(REPOSITORY, "nix", "cluster.json"), "utf8")) as Json;
    change(json);
    writeFileSync(join(this.folder, "nix", "cluster.json"), JSON.stringify(json));
  }

  /** Adds a program to PATH that runs these lines of shell. */
  public program(name: string, lines: string): void {
    const file = join(this.bin, name);
    writeFileSync(file, `#!/bin/sh\n${lines}\n`);
    chmodSync(file, 0o755);
  }

  public link(name: string): void {
    symlinkSync(programPath(name) ?? "", join(this.bin, name));
  }

  public async checks(options: Parameters<typeof diagnose>[1] = {}): Promise<Check[]> {
    return diagnose(this, { resolve: () => Promise.resolve([]), ...options });
  }

  public async check(name: string, options: Parameters<typeof diagnose>[1] = {}): Promise<Check | undefined> {
    return (await this.checks(options)).find((check) => check.name === name);
  }
}

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});

test.each([
  ["20.19.0", "ok"],
  ["22.1.0", "ok"],
  ["20.18.9", "problem"],
  ["18.20.0", "problem"],
])("Node %s: %s", async (version, state) => {
  expect(await machine.check("Node", { version })).toMatchObject({ state });
});

test.each([
  ["OpenTofu v1.10.0", "ok"],
  ["OpenTofu v1.9.9", "problem"],
  ["Terraform v1.5.7", "ok"],
  ["Terraform v1.4.0", "problem"],
  ["something", "problem"],
])("%s: %s", async (words, state) => {
  machine.program("tofu", `echo '${words}'`);
  expect(await machine.check("OpenTofu")).toMatchObject({ state });
});

test("OpenTofu is the program that TERRAFORM_BINARY_NAME names, or is missing", async () => {
  machine.program("terraform", "echo Terraform v1.11.4");
  expect(await machine.check("OpenTofu")).toMatchObject({ state: "problem", found: "tofu is not in PATH" });
  machine.env = { ...machine.env, TERRAFORM_BINARY_NAME: "terraform" };
  expect(await machine.check("OpenTofu")).toMatchObject({ state: "ok", found: "Terraform 1.11.4" });
});

describe("SSH", () => {
  const [admitted, other] = ["E", "A"].map(
    (name) =>
      `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEVYQU1QTEUgS0VZISBQVVQgSU4gWU9VUiBPV04gT05${name} a@example.org`,
  ) as [string, string];
  beforeEach(() => {
    machine.program("ssh", "exit 0");
    machine.cluster((json) => (json.cluster.authorizedKeys = [admitted]));
  });
  const agentHas = (key: string): void => machine.program("ssh-add", `echo '${key}'`);

  test("the agent has an admitted key", async () => {
    agentHas(admitted.replace(/\S+$/, "with another comment"));
    expect(await machine.check("SSH")).toMatchObject({ state: "ok" });
  });

  test("an admitted key that only a file has may have a passphrase", async () => {
    writeFileSync(join(machine.home, ".ssh", "id.pub"), `${admitted}\n`);
    expect(await machine.check("SSH")).toMatchObject({
      state: "unknown",
      remedy: expect.stringContaining("ssh-add"),
    });
  });

  test("no key is admitted", async () => {
    agentHas(other);
    expect(await machine.check("SSH")).toMatchObject({
      state: "problem",
      found: expect.stringContaining("neither a key of the agent nor one of ~/.ssh"),
    });
  });
});

test("git: no program, no repository, no commit, a commit", async () => {
  expect(await machine.check("git")).toMatchObject({ found: "git is not in PATH" });
  machine.link("git");
  expect(await machine.check("git")).toMatchObject({
    state: "problem",
    found: "the project is not in a git repository",
  });
  const git = (...words: string[]): unknown =>
    spawnSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.org", ...words], {
      cwd: machine.folder,
    });
  git("init");
  expect(await machine.check("git")).toMatchObject({ found: "the repository has no commit" });
  git("commit", "--allow-empty", "-m", "First");
  expect(await machine.check("git")).toMatchObject({ state: "ok" });
});

describe("what says the join token is looked for, not run or read", () => {
  test("a command is not run", async () => {
    machine.cluster((json) => (json.cluster.rollout = { tokenCommand: ["sops", "-d", "token.enc"] }));
    expect(await machine.check("Join token")).toMatchObject({
      state: "problem",
      found: "sops is not in PATH",
    });
    machine.program("sops", `echo ran > ${machine.folder}/ran; echo the-token`);
    expect(await machine.check("Join token")).toMatchObject({
      state: "ok",
      found: "sops is installed; it was not run",
    });
    expect(programPath(join(machine.folder, "ran"))).toBeUndefined();
    expect(() => readFileSync(join(machine.folder, "ran"))).toThrow();
  });

  test("a file", async () => {
    machine.cluster(
      (json) => (json.cluster.rollout = { tokenPath: "token", agentTokenPath: "agent-token", s3Path: "s3" }),
    );
    writeFileSync(join(machine.folder, "token"), "the-token");
    const checks = await machine.checks();
    expect(checks).toContainEqual({
      name: "Join token",
      state: "ok",
      found: "token exists; it was not read",
    });
    for (const name of ["Agents' token", "S3 credentials"])
      expect(checks).toContainEqual(expect.objectContaining({ name, state: "problem" }));
    expect(JSON.stringify(checks)).not.toContain("the-token");
  });

  test("a source that main.ts does not name is a problem", async () => {
    expect(await machine.check("Join token")).toMatchObject({ state: "unknown" });
    machine.cluster((json) => (json.cluster.k3s.tokenFile = "/run/secrets/token"));
    expect(await machine.check("Join token")).toMatchObject({ state: "ok" });
  });
});

test("Nix is looked for where this machine builds the hosts' systems", async () => {
  expect(await machine.check("Nix")).toBeUndefined();
  machine.cluster((json) => (json.cluster.rollout = { build: "this machine" }));
  machine.program("nix-store", "");
  expect(await machine.check("Nix")).toMatchObject({
    state: "problem",
    found: "not in PATH: nix-build, nix-prefetch-url; this machine builds the hosts' systems (rollout.build)",
    remedy: expect.stringMatching(
      /^A rollout needs it: install Nix .*, or set rollout\.build to the hostname/,
    ),
  });
  for (const name of ["nix-build", "nix-prefetch-url"]) machine.program(name, "");
  expect(await machine.check("Nix")).toMatchObject({ state: "ok" });
  machine.cluster((json) => (json.cluster.rollout = { build: "alphard" }));
  expect(await machine.check("Nix")).toBeUndefined();
});

describe("names and addresses", () => {
  const resolve =
    (names: Record<string, string>) =>
    (name: string): Promise<string[]> =>
      Promise.resolve(name in names ? [names[name] ?? ""] : []);

  test("a hostname that resolves to another machine is a problem, and one that does not resolve is not", async () => {
    expect(await machine.check("DNS", { resolve: resolve({ hamal: "172.22.0.135" }) })).toMatchObject({
      state: "ok",
      found: expect.stringContaining("1 of 3"),
    });
    expect(await machine.check("DNS", { resolve: resolve({ hamal: "172.22.0.9" }) })).toMatchObject({
      state: "problem",
      found: "hamal resolves to 172.22.0.9, not to 172.22.0.135",
    });
  });

  test("a name of the API has to resolve", async () => {
    machine.cluster((json) => (json.cluster.apiEndpoint = "https://k3s.example.org:6443"));
    expect(await machine.check("DNS")).toMatchObject({
      state: "problem",
      found: "k3s.example.org (apiEndpoint) does not resolve on this machine",
    });
  });

  test("DHCP reservations cannot be checked, and are needed only without a gateway", async () => {
    expect(await machine.check("Addresses")).toMatchObject({
      state: "unknown",
      remedy: expect.stringContaining("3 MAC addresses"),
    });
    machine.cluster((json) => (json.cluster.network.gateway = "172.22.0.1"));
    expect(await machine.check("Addresses")).toMatchObject({
      state: "ok",
      found: expect.stringContaining("network.dhcpRange does not say"),
    });
  });

  test("static addresses are outside of what a DHCP server gives away", async () => {
    machine.cluster(({ cluster: { network } }) => {
      network.gateway = "172.22.0.1";
      network.dhcpRange = { from: "172.22.0.50", to: "172.22.0.99" };
    });
    expect(await machine.check("Addresses")).toMatchObject({
      found:
        "static, with the gateway 172.22.0.1, outside of what a DHCP server gives away, 172.22.0.50 to 172.22.0.99",
    });
  });
});

test("without cluster.json it checks the rest, and says what it did not check", async () => {
  writeFileSync(join(machine.folder, "nix", "cluster.json"), "{}");
  const checks = await machine.checks();
  expect(checks.map(({ name }) => name)).toEqual([
    "Node",
    "OpenTofu",
    "SSH",
    "git",
    "Cluster",
    "PVE endpoint",
    "PVE token",
  ]);
  expect(checks[4]).toMatchObject({ state: "problem", remedy: expect.stringContaining("npm run synth") });
});

describe("what is printed", () => {
  const LONG = "a word and another ".repeat(8).trim();
  const CHECKS: Check[] = [
    { name: "Node", state: "ok", found: "20.19.4" },
    { name: "PVE endpoint", state: "problem", found: LONG, remedy: "Do this." },
    { name: "VM IDs", state: "unknown", found: "short" },
  ];

  test("a line for each check, aligned, and the problems' remedies below, at 80 columns", () => {
    const lines = inWords(CHECKS, 80).split("\n");
    expect(lines.slice(0, 3)).toEqual([
      "Node          ok       20.19.4",
      expect.stringMatching(/^PVE endpoint {2}problem {2}a word .*…$/),
      "VM IDs        unknown  short",
    ]);
    expect(lines.filter((line) => displayWidth(line) > 80)).toEqual([]);
    expect(lines.slice(3).join(" ").replace(/\s+/g, " ")).toBe(
      ` PVE endpoint: ${LONG}. Do this. There are problems.`,
    );
  });

  test("the JSON is valid against its schema", () => {
    expect(schemaFaults("doctor#checks", asPrinted(doctorDocument(CHECKS)))).toEqual([]);
    expect(doctorDocument(CHECKS)).toMatchObject({ healthy: false });
    expect(doctorDocument(CHECKS.slice(2))).toMatchObject({ healthy: true });
  });

  test("the JSON of a failure is, too", () => {
    const failure = failureDocument(new UserError("failed", "why"));
    expect(schemaFaults("doctor#failure", { formatVersion: 1, ...failure })).toEqual([]);
  });

  test("the command ends with 1 when something is a problem, with JSON too", () => {
    for (const words of [["doctor"], ["doctor", "--json"]]) {
      const { status, stdout } = spawnSync(CLI, words, {
        cwd: machine.folder,
        encoding: "utf8",
        env: { ...process.env, PROXMOX_VE_ENDPOINT: "", HOME: machine.home },
      });
      expect(status).toBe(1);
      if (words.length === 1) expect(stdout).toContain("PROXMOX_VE_ENDPOINT is not set");
      else expect(schemaFaults("doctor#checks", JSON.parse(stdout))).toEqual([]);
    }
  });
});
