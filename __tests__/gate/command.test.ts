/** The command, with plans of plans/tofu-1.10. gate.test.ts tests the verdicts. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { schemaFaults } from "../json-schema";
import { REPOSITORY, temporaryFolder } from "../fixture";
import { CLI } from "../program";

const pathOf = (name: string): string => join(__dirname, "plans", "tofu-1.10", `${name}.json`);

const HAMAL = "hamal, VM 135 (proxmox_virtual_environment_vm.k3s_agent)";

describe("the command", () => {
  const runIn = (cwd: string | undefined, ...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(CLI, ["gate", ...words], { cwd, encoding: "utf8" });
    return { status, stdout, stderr };
  };
  const run = (...words: string[]) => runIn(undefined, ...words);

  test("ends with 0 when the plan passes", () => {
    expect(run(pathOf("create"))).toEqual({
      status: 0,
      stdout: "3 VMs are created; 4 outputs are changed.\nThe plan passes.\n",
      stderr: "",
    });
  });

  test.each([
    ["one", ["nix"]],
    ["two", ["nix", "nix-lab"]],
  ])("judges a plan also where cluster.json, of %s, is damaged", (_, folders) => {
    const project = temporaryFolder();
    for (const folder of folders) {
      mkdirSync(join(project, folder));
      writeFileSync(join(project, folder, "cluster.json"), "<<<<<<< HEAD\n");
    }
    expect(runIn(project, pathOf("create"))).toMatchObject({ status: 0, stderr: "" });
  });

  test("ends with 4 when it does not, and says what to do", () => {
    const { status, stdout } = run(pathOf("cores"), "--allow", "alnair:pending");
    expect(status).toBe(4);
    expect(stdout.split("\n")).toEqual([
      "1 VM is changed.",
      "  --allow alnair:pending: the plan has no such node",
      "The plan does NOT pass:",
      `  ${HAMAL}: cpu.cores 4 → 8: takes effect at the VM's next power-off. If that is meant: --allow hamal:pending`,
      "",
    ]);
  });

  test("does not suggest to allow what cannot succeed", () => {
    expect(run(pathOf("disk-shrinks")).stdout).toContain(
      "is refused, so the apply fails. Take it back; to let it fail: --allow hamal:fail\n",
    );
  });

  test("writes an address with quotes as one word of the shell", () => {
    const address = `proxmox_virtual_environment_vm.k3s["it's one"]`;
    const text = readFileSync(pathOf("cores"), "utf8").replaceAll(
      '"proxmox_virtual_environment_vm.k3s_agent"',
      JSON.stringify(address),
    );
    const plan = JSON.parse(text);
    plan.resource_changes[0].change.before_sensitive.name = true;
    const file = join(temporaryFolder(), "plan.json");
    writeFileSync(file, JSON.stringify(plan));
    const words = [...run(file).stdout.matchAll(/--allow (.*)$/gm)].map(([, word]) => word);
    const { stdout } = spawnSync("sh", ["-c", `printf '%s\\n' ${words.join(" ")}`], { encoding: "utf8" });
    expect(stdout.split("\n")).toContain(`${address}:pending`);
  });

  test("passes with all of it allowed", () => {
    const { status, stdout } = run(pathOf("cores"), "--allow", "mizar:destroy", "--allow", "hamal:pending");
    expect([status, stdout]).toEqual([0, expect.stringContaining(`  allowed: ${HAMAL}: cpu.cores 4 → 8`)]);
  });

  test("ends with 1 when there is no verdict, and names the file", () => {
    const file = join(temporaryFolder(), "plan.json");
    writeFileSync(file, "");
    expect(run(file)).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining(`${file}: The input is empty`),
    });
    expect(run("no-such.json")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("cannot be read"),
    });
    expect(run(pathOf("errored"))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("Planning failed"),
    });
  });

  test.each([[], ["a.json", "b.json"], ["a.json", "--alow", "hamal"], ["a.json", "--allow"]])(
    "ends with 64 and one line for wrong usage: %s %s %s",
    (...words) => {
      expect(run(...words)).toMatchObject({ status: 64, stderr: expect.stringMatching(/^error: .*\n$/) });
    },
  );

  test("prints the same as JSON", () => {
    const { status, stdout } = run(pathOf("delete"), "--json");
    expect(schemaFaults("gate#verdict", JSON.parse(stdout))).toEqual([]);
    expect([status, JSON.parse(stdout)]).toMatchObject([
      4,
      {
        formatVersion: 2,
        passes: false,
        reasons: [{ hostname: "mizar", vmId: 136, kind: "destroy", allow: "mizar:destroy" }],
      },
    ]);
    const trouble = run(pathOf("errored"), "--json");
    expect(schemaFaults("gate#failure", JSON.parse(trouble.stdout))).toEqual([]);
    expect([trouble.status, JSON.parse(trouble.stdout).error]).toEqual([
      1,
      expect.stringContaining("Planning failed"),
    ]);
  });

  test("is npm run gate", () => {
    const words = ["run", "--silent", "gate", "--", pathOf("no-op")];
    const { status, stdout } = spawnSync("npm", words, { cwd: REPOSITORY, encoding: "utf8" });
    expect([status, stdout]).toEqual([0, "Nothing changes.\nThe plan passes.\n"]);
  });
});
