import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asSynthesized, REPOSITORY, temporaryFolder, TSX } from "../fixture";

/** A stand-in for OpenTofu: it notes how it is called, and plans what the test says. */
const STAND_IN = `#!/bin/sh
echo "$PWD: $*" >> "$CALLS"
case "$1" in
  init) test "$PLAN_STATUS" != 99 || { echo "# half" > .terraform.lock.hcl; exit 1; }; test ! -e .terraform.lock.hcl || cat .terraform.lock.hcl >> "$CALLS"; echo "# checksums" > .terraform.lock.hcl ;;
  plan) exit "$PLAN_STATUS" ;;
  show) cat "$PLAN_JSON" ;;
  apply) exit "$APPLY_STATUS" ;;
esac
`;

interface Run {
  readonly status: number | null;
  readonly output: string;
  /** The lock file beside `main.ts` afterwards. */
  readonly lock?: string;
  /** Calls of the stand-in; the folder only where it is not the stack's. */
  readonly calls: string[];
}

function run(
  words: readonly string[],
  {
    lock = undefined as string | undefined,
    plan = 2,
    apply = 0,
    changes = [] as object[],
    stacks = ["k3s"],
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
  const { status, stdout, stderr } = spawnSync(TSX, [join(REPOSITORY, "tools", "tofu.ts"), ...words], {
    cwd: folder,
    encoding: "utf8",
    input: "",
    env: {
      ...process.env,
      TERRAFORM_BINARY_NAME: tofu,
      CALLS: calls,
      PLAN_JSON: planJson,
      PLAN_STATUS: String(plan),
      APPLY_STATUS: String(apply),
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
    calls: lines.map((line) => line.replace(stackFolder, "")),
  };
}

const PLAN = "plan -input=false -detailed-exitcode -out=plan.tfplan";

test("plan runs in the stack's folder, in parallel, and hands its arguments on", () => {
  const { status, calls } = run(["plan", "-refresh=false"]);
  expect([status, calls]).toEqual([0, ["init -input=false", `${PLAN} -refresh=false`]]);
});

test("apply applies the plan that was saved, one VM at a time", () => {
  const { status, calls } = run(["apply", "--yes"]);
  expect(status).toBe(0);
  expect(calls).toEqual([
    "init -input=false",
    PLAN,
    "show -json plan.tfplan",
    "apply -input=false -parallelism=1 plan.tfplan",
  ]);
});

test("how many VMs at a time is a setting of the apply, not of the plan", () => {
  const { calls } = run(["apply", "--yes", "-parallelism=4"]);
  expect(calls[1]).toBe(PLAN);
  expect(calls[3]).toBe("apply -input=false -parallelism=4 plan.tfplan");
});

test("apply does nothing when there is nothing to apply", () => {
  const { status, calls } = run(["apply"], { plan: 0 });
  expect([status, calls]).toEqual([0, ["init -input=false", PLAN]]);
});

test("apply does nothing when nobody can be asked and nobody said yes", () => {
  const { status, output, calls } = run(["apply"]);
  expect(status).toBe(1);
  expect(output).toContain("state --yes to apply without a question");
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

test("other commands get all their arguments, also those that an apply would take for itself", () => {
  expect(run(["run", "apply", "-parallelism=1"]).calls).toEqual(["apply -parallelism=1"]);
});

test("the provider's checksums are kept beside main.ts, and heeded the next time", () => {
  expect(run(["plan"]).lock).toBe("# checksums\n");
  expect(run(["plan"], { plan: 99, lock: "# known\n" })).toMatchObject({ status: 1, lock: "# known\n" });
  expect(run(["plan"], { lock: "# known\n" }).calls.slice(0, 2)).toEqual(["init -input=false", "# known"]);
});

test("other commands of OpenTofu run in the stack's folder", () => {
  expect(run(["run", "state", "mv", "a", "b"]).calls).toEqual(["state mv a b"]);
});

describe("failures end with another code than 0 and say what to do", () => {
  test.each<[string, Run, string]>([
    ["a plan that fails", run(["apply", "--yes"], { plan: 1 }), "failed"],
    ["an apply that fails", run(["apply", "--yes"], { apply: 1 }), "failed"],
    ["no synth before", run(["plan"], { stacks: [] }), "run npm run synth first"],
    ["several stacks", run(["plan"], { stacks: ["k3s", "b"] }), "--stack=NAME with one of k3s, b"],
    [
      "a parallelism that is none",
      run(["apply", "-parallelism=0"]),
      "-parallelism should be a whole number from 1, got '0'",
    ],
    ["a parallelism apart from its number", run(["apply", "-parallelism", "4"]), "write -parallelism=N"],
    ["no command", run([]), "npm run plan"],
  ])("%s", (_, { status, output }, words) => {
    expect(status).toBe(1);
    expect(output).toContain(words);
  });

  test("several stacks are told apart by name", () => {
    expect(run(["plan", "--stack=k3s"], { stacks: ["k3s", "b"] }).status).toBe(0);
  });
});
