import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { program } from "../../src/cli/program";
import { answersTo, type Stated } from "../../src/init/answers";
import { REPOSITORY, temporaryFolder, TSX } from "../fixture";
import { CLI } from "../program";

const KEY = readFileSync(join(REPOSITORY, "authorized_keys"), "utf8")
  .split("\n")
  .find((line) => line.startsWith("ssh-"));

/** `init` in that folder, with a home that has one key and no agent. */
function init(folder: string, ...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const home = temporaryFolder();
  mkdirSync(join(home, ".ssh"));
  writeFileSync(join(home, ".ssh", "id_ed25519.pub"), `${KEY}\n`);
  writeFileSync(join(home, ".ssh", "notes.pub"), "not a key\n");
  return spawnSync(CLI, ["init", folder, "--no-install", ...words], {
    cwd: REPOSITORY,
    env: { PATH: process.env.PATH, HOME: home },
    encoding: "utf8",
  });
}

const refusal = (stated: Stated): Promise<string> =>
  answersTo(stated, undefined).then(
    () => "",
    (error: unknown) => (error as Error).message,
  );

describe("what is asked", () => {
  test("is also an option, whose help has the same words and default", async () => {
    const asked: string[] = [];
    await answersTo({}, (text, standard) => {
      asked.push(text + (standard === "" ? "" : ` (default: ${standard})`));
      return Promise.resolve("");
    });
    const { options = [] } =
      program(() => undefined).commands.find((command) => command.name() === "init") ?? {};
    const described = options.map(({ description }) => description);
    expect(asked.length).toBeGreaterThan(10);
    expect(described.filter((description) => asked.includes(description))).toEqual(asked);
    const given = (name: string): Promise<string> => refusal({ [name]: "?" });
    const parsed = options.filter(({ description }) => asked.includes(description));
    for (const option of parsed.filter(({ long }) => long !== "--token-command"))
      expect(await given(option.attributeName())).toContain(`${option.long} should be `);
  });

  test("loads no settings and no zod for --help", () => {
    const list = "Object.keys(require.cache).filter((path) => /zod|config.settings/.test(path))";
    const code = `require("./src/cli/program.ts").program(() => undefined).commands[0].helpInformation(); console.log(${list});`;
    const { stdout } = spawnSync(TSX, ["--eval", code], { cwd: REPOSITORY, encoding: "utf8" });
    expect(stdout).toBe("[]\n");
  });

  test("has defaults that give a valid cluster", async () => {
    expect(await answersTo({}, undefined)).toMatchObject({ pveNodes: ["pve"], servers: 1, agents: 2 });
  });

  test("every wrong value is reported in one run, by its option", async () => {
    const wrong = {
      pveNodes: "pve one",
      endpoint: "http://pve",
      network: "10.0.0.1/24",
      servers: "2",
      agents: "-1",
      templateVmId: "99",
      rootUuid: "x",
    };
    const lines = (await refusal(wrong)).split("\n");
    expect(lines).toEqual([
      "--pve-nodes should be names of PVE nodes such as pve1,pve2, got 'pve one'",
      "--endpoint should be a URL such as https://pve.example.org:8006/, got 'http://pve'",
      expect.stringMatching(/^--network should be an IPv4 network such as .*, got '10.0.0.1\/24'$/),
      "--servers should be 1, 3, 5 or 7, got '2'",
      "--agents should be a whole number from 0 to 200, got '-1'",
      "--template-vm-id should be a whole number from 100 to 999999999, got '99'",
      "--root-uuid should be a filesystem UUID in lower case, got 'x'",
    ]);
  });

  test.each([
    [{ network: "10.0.0.0/24", firstVmId: "254" }, "from which 3 in a row are host numbers of 10.0.0.0/24"],
    [{ network: "10.0.0.0/24", gateway: "10.0.1.1" }, "--gateway should be an IPv4 address in 10.0.0.0/24"],
  ])("%j is not valid", async (stated, message) => {
    expect(await refusal(stated)).toContain(message);
  });

  test("a person is asked again until the answer is valid, and Enter takes the default", async () => {
    const typed = ["", "", "nonsense", "10.9.0.0/24"];
    const asked: string[] = [];
    const answers = await answersTo({}, (text, standard) => {
      asked.push(`${text} [${standard}]`);
      return Promise.resolve(typed.shift() ?? "");
    });
    expect(answers).toMatchObject({ network: "10.9.0.0/24", endpoint: "https://pve:8006/" });
    expect(asked[3]).toMatch(/^Please enter an IPv4 network/);
  });
});

describe("what is written", () => {
  test("is a project, whose token nobody else can read and git does not take", () => {
    const folder = join(temporaryFolder(), "my cluster");
    const { status, stdout, stderr } = init(folder, "--yes");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const token = readFileSync(join(folder, "secrets/token"), "utf8").trim();
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect(stdout).not.toContain(token);
    expect(statSync(join(folder, "secrets/token")).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "secrets")).mode & 0o777).toBe(0o700);
    const git = execFileSync("git", ["status", "--porcelain", "-uall"], { cwd: folder, encoding: "utf8" });
    expect(git).toContain("main.ts");
    expect(git).not.toContain("secrets");
    expect(readFileSync(join(folder, "authorized_keys"), "utf8")).toBe(`${KEY}\n`);
    expect(JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))).toMatchObject({
      name: "my-cluster",
    });
  });

  test("is nothing when the folder is not empty", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "notes"), "");
    expect(init(folder, "--yes")).toMatchObject({
      status: 4,
      stderr: expect.stringContaining("is not empty: nothing was written"),
    });
    expect(readdirSync(folder)).toEqual(["notes"]);
  });

  test("is nothing after a wrong option", () => {
    const folder = join(temporaryFolder(), "new");
    expect(init(folder, "--yes", "--servers", "4")).toMatchObject({ status: 64 });
    expect(() => statSync(folder)).toThrow();
  });

  test("has no token when a program prints it", () => {
    const folder = join(temporaryFolder(), "new");
    expect(init(folder, "--yes", "--token-command", "sops -d token.enc").status).toBe(0);
    expect(readFileSync(join(folder, "main.ts"), "utf8")).toContain(
      'rollout: { tokenCommand: ["sops", "-d", "token.enc"] }',
    );
    expect(readdirSync(folder)).not.toContain("secrets");
  });

  test("says how to state what several PVE nodes have", () => {
    const texts = (pveNodes: string): string => {
      const folder = join(temporaryFolder(), "new");
      expect(init(folder, "--yes", "--pve-nodes", pveNodes).status).toBe(0);
      return ["main.ts", "README.md"].map((path) => readFileSync(join(folder, path), "utf8")).join();
    };
    const several = texts("pve1,pve2");
    expect(several).toContain("// pve: { nodes: pveNodes }");
    expect(several).toContain("`npm run inventory` then writes what pve1 and pve2 have to `pve-nodes.json`");
    expect(texts("pve")).not.toMatch(/pveNodes|inventory/);
  });

  test.each([
    ["github", ".github"],
    ["forgejo", ".forgejo"],
    ["gitlab", ".gitlab-ci.yml"],
    ["none", undefined],
  ])("has the checks of %s", (forge, entry) => {
    const folder = join(temporaryFolder(), "new");
    expect(init(folder, "--yes", "--ci", forge).status).toBe(0);
    const there = readdirSync(folder).filter((name) =>
      [".github", ".forgejo", ".gitlab-ci.yml"].includes(name),
    );
    expect(there).toEqual(entry === undefined ? [] : [entry]);
  });
});
