import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asSynthesized, REPOSITORY, temporaryFolder } from "../fixture";
import { CLI } from "../program";

/** A stand-in for OpenTofu: it records its calls, and plans what the test says. */
const STAND_IN = `#!/bin/sh
echo "$PWD: $*" >> "$CALLS"
case "$1" in
  init) test "$PLAN_STATUS" != 99 || { echo "# half" > .terraform.lock.hcl; exit 1; }; test ! -e .terraform.lock.hcl || cat .terraform.lock.hcl >> "$CALLS"; echo "# checksums" > .terraform.lock.hcl ;;
  plan) for word; do case "$word" in -out=*) echo saved > "\${word#-out=}" ;; esac; done; exit "$PLAN_STATUS" ;;
  show) cat "$PLAN_JSON"; eval "$MEANWHILE" ;;
  apply) for file; do :; done; echo "applies $(cat "$file")" >> "$CALLS"; exit "$APPLY_STATUS" ;;
esac
`;

interface Run {
  readonly status: number | null;
  readonly output: string;
  /** The lock file next to `main.ts` afterwards. */
  readonly lock?: string;
  /** Calls of the stand-in; with the folder only when it is not the stack's. */
  readonly calls: string[];
  /** Folders of plans that were not removed. */
  readonly left: string[];
}

function run(
  words: readonly string[],
  {
    lock = undefined as string | undefined,
    plan = 2,
    apply = 0,
    changes = [] as object[],
    stacks = ["k3s"],
    meanwhile = "",
    binary = undefined as string | undefined,
  } = {},
): Run {
  const folder = temporaryFolder();
  const tofu = join(folder, "tofu");
  writeFileSync(tofu, STAND_IN);
  chmodSync(tofu, 0o755);
  const planJson = join(folder, "plan.json");
  writeFileSync(planJson, JSON.stringify({ resource_changes: changes }));
  if (stacks.length > 0) asSynthesized(folder, stacks);
  if (lock !== undefined) writeFileSync(join(folder, ".terraform.lock.hcl"), lock);
  symlinkSync(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
  const calls = join(folder, "calls");
  const { status, stdout, stderr } = spawnSync(CLI, words, {
    cwd: folder,
    encoding: "utf8",
    input: "",
    env: {
      ...process.env,
      TERRAFORM_BINARY_NAME: binary ?? tofu,
      CALLS: calls,
      PLAN_JSON: planJson,
      PLAN_STATUS: String(plan),
      APPLY_STATUS: String(apply),
      MEANWHILE: meanwhile,
      TMPDIR: folder,
    },
  });
  const lines = existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : [];
  const stackFolder = `${join(folder, "cdktf.out", "stacks", "k3s")}: `;
  const lockFile = join(folder, ".terraform.lock.hcl");
  const kept = existsSync(lockFile) ? readFileSync(lockFile, "utf8") : undefined;
  return {
    status,
    output: stdout + stderr,
    lock: kept,
    calls: lines.map((line) => line.replace(stackFolder, "").replace(/[^\s=]*\/k3s-apply-\w+\//, "OWN/")),
    left: readdirSync(folder).filter((name) => name.startsWith("k3s-apply-")),
  };
}

const PLAN = "plan -input=false -detailed-exitcode -out=plan.tfplan";
const OWN_PLAN = "plan -input=false -detailed-exitcode -out=OWN/plan.tfplan";

test("plan runs in the stack's folder, in parallel, and passes its arguments on", () => {
  const { status, calls } = run(["plan", "-refresh=false"]);
  expect([status, calls]).toEqual([0, ["init -input=false", `${PLAN} -refresh=false`]]);
});

test("plan tells by its exit code that changes are pending where that is asked for", () => {
  const status = (words: string[], plan: number): number | null => run(["plan", ...words], { plan }).status;
  expect([status([], 2), status([], 0)]).toEqual([0, 0]);
  expect([status(["--detailed-exitcode"], 2), status(["--detailed-exitcode"], 0)]).toEqual([2, 0]);
  expect(status(["-detailed-exitcode"], 2)).toBe(2);
  expect(status(["--detailed-exitcode"], 1)).toBe(1);
});

test("apply applies the plan that was saved, one VM at a time", () => {
  const { status, calls } = run(["apply", "--yes"]);
  expect(status).toBe(0);
  expect(calls).toEqual([
    "init -input=false",
    OWN_PLAN,
    "show -json OWN/plan.tfplan",
    "apply -input=false -parallelism=1 OWN/plan.tfplan",
    "applies saved",
  ]);
});

test("apply applies its own plan, whatever another command saves meanwhile, and leaves no file of it", () => {
  const { status, calls, left } = run(["apply", "--yes"], { meanwhile: "echo other > plan.tfplan" });
  expect([status, calls.at(-1), left]).toEqual([0, "applies saved", []]);
});

test("apply applies no plan that is another than the one that was shown", () => {
  const { status, output, calls, left } = run(["apply", "--yes"], { meanwhile: 'echo other > "$3"' });
  expect([status, left]).toEqual([4, []]);
  expect(output).toContain("is not the plan that was shown: nothing was applied");
  expect(calls.join()).not.toContain("apply -input");
});

test("the number of VMs at a time applies to the apply, not to the plan", () => {
  for (const words of [["-parallelism=4"], ["--parallelism=4"], ["-parallelism", "4"]]) {
    const { calls } = run(["apply", "--yes", ...words]);
    expect(calls[1]).toBe(OWN_PLAN);
    expect(calls[3]).toBe("apply -input=false -parallelism=4 OWN/plan.tfplan");
  }
});

test("apply does nothing when there is nothing to apply", () => {
  const { status, calls } = run(["apply"], { plan: 0 });
  expect([status, calls]).toEqual([0, ["init -input=false", OWN_PLAN]]);
});

test("apply does nothing when nobody can be asked and nobody said yes", () => {
  const { status, output, calls } = run(["apply"]);
  expect(status).toBe(64);
  expect(output).toContain(
    "There is no terminal to ask for consent: pass --yes to continue without being asked",
  );
  expect(calls.join()).not.toContain("apply -input");
});

test("apply names the VMs that it would destroy", () => {
  const before = { name: "hamal", vm_id: 135 };
  const change = (actions: string[]): object => ({
    address: "proxmox_virtual_environment_vm.k3s_agent",
    type: "proxmox_virtual_environment_vm",
    change: { actions, before },
  });
  const words = "hamal, VM 135, will be DESTROYED (proxmox_virtual_environment_vm.k3s_agent)";
  expect(run(["apply"], { changes: [change(["delete"])] }).output).toContain(words);
  expect(run(["apply"], { changes: [change(["delete", "create"])] }).output).toContain(words);
  expect(run(["apply"], { changes: [change(["create", "delete"])] }).output).toContain(words);
  expect(run(["apply"], { changes: [change(["update"])] }).output).not.toContain("DESTROYED");
});

test("other commands get all their arguments, including those that apply has as options", () => {
  expect(run(["tofu", "apply", "-parallelism=1"]).calls[0]).toBe("apply -parallelism=1");
});

test("the provider's checksums are kept next to main.ts, and used the next time", () => {
  expect(run(["plan"]).lock).toBe("# checksums\n");
  expect(run(["plan"], { plan: 99, lock: "# known\n" })).toMatchObject({ status: 1, lock: "# known\n" });
  expect(run(["plan"], { lock: "# known\n" }).calls.slice(0, 2)).toEqual(["init -input=false", "# known"]);
});

test("other commands of OpenTofu run in the stack's folder", () => {
  expect(run(["tofu", "state", "mv", "a", "b"]).calls).toEqual(["state mv a b"]);
});

describe("failures have an exit code other than 0 and say what to do", () => {
  test.each<[string, Run, string, number?]>([
    ["a plan that fails", run(["apply", "--yes"], { plan: 1 }), "failed"],
    ["an apply that fails", run(["apply", "--yes"], { apply: 1 }), "failed"],
    [
      "no OpenTofu",
      run(["plan"], { binary: "tofu-that-is-not-there" }),
      "is not in PATH, and a plan needs it: install OpenTofu",
    ],
    [
      "no OpenTofu is told before a missing synth",
      run(["plan"], { binary: "tofu-that-is-not-there", stacks: [] }),
      "tofu-that-is-not-there is not in PATH",
    ],
    ["no synth before", run(["plan"], { stacks: [] }), "run npm run synth first"],
    ["several stacks", run(["plan"], { stacks: ["k3s", "b"] }), "--cluster=NAME with one of k3s, b", 64],
    [
      "a parallelism that is none",
      run(["apply", "-parallelism=0"]),
      "-parallelism should be a whole number from 1, got '0'",
      64,
    ],
  ])("%s", (_, { status, output }, words, code = 1) => {
    expect(status).toBe(code);
    expect(output).toContain(words);
  });

  test("one of several stacks is chosen by name", () => {
    expect(run(["plan", "--cluster=k3s"], { stacks: ["k3s", "b"] }).status).toBe(0);
  });
});
