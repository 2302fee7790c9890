/** The creation of a VM, in a plan that has read the existing guests. */
import type { Json } from "../fixture";
import { ASKING, judgedWith } from "./judged";

const VMS = "proxmox_virtual_environment_vms";
const CONTAINERS = "proxmox_virtual_environment_containers";

/** The data that the plan reads, by its type. */
const read = (plan: Json, type: string): Json =>
  plan.prior_state.values.root_module.resources.find((each: Json) => each.type === type).values;

const wordsWith = (change: (plan: Json) => void, name = "new-node"): string[] =>
  judgedWith(name, change, ASKING).reasons.map(({ words }) => words.split(") ")[1] ?? "");

test("is refused when its template is not among the VMs that the token sees", () => {
  const words = wordsWith((plan) => {
    const all = read(plan, VMS);
    all.vms = all.vms.filter(({ vm_id }: Json) => vm_id !== 9903);
  });
  expect(words).toEqual([expect.stringContaining("its template, VM 9903, does not exist")]);
});

test("is not refused for its template when not all VMs were read", () => {
  const words = wordsWith((plan) => {
    Object.assign(read(plan, VMS), { vms: [], tags: ["k3s"] });
  });
  expect(words).toEqual([]);
});

test("is not refused for a template whose VM ID is not known yet, or without a template", () => {
  for (const clone of [[{ vm_id: null }], [], null]) {
    expect(wordsWith((plan) => (plan.resource_changes[0].change.after.clone = clone))).toEqual([]);
  }
});

test("is not confused with a container of its name, which nobody can import", () => {
  const words = wordsWith((plan) => {
    read(plan, CONTAINERS).containers = [{ vm_id: 136, name: "mizar", node_name: "pve" }];
  });
  expect(words).toEqual(["cannot be created: the container mizar on pve already has VM ID 136"]);
});

test("is refused for its own check, and not for another VM's", () => {
  const failing = (node: string) => (plan: Json) => {
    const check = plan.checks.find(({ address }: Json) => address.to_display === `check.${node}_vm_id`);
    check.status = "fail";
    check.instances = [{ problems: [{ message: "the ID is held" }] }];
    plan.checks = [check, ...plan.checks.filter((other: Json) => other !== check)];
  };
  expect(wordsWith(failing("k3s_agent_1"))).toEqual(["cannot be created: the ID is held"]);
  expect(judgedWith("new-node", failing("k3s_agent_1"), ASKING).reasons[0]?.kind).toBe("fail");
  expect(wordsWith(failing("k3s_agent"))).toEqual([]);
});

test("is refused with a setting that only root@pam may set, which no consent changes", () => {
  const { reasons } = judgedWith(
    "new-node",
    ({ resource_changes: [{ change }] }) => (change.after.kvm_arguments = "-s"),
    ASKING,
  );
  expect(reasons).toMatchObject([
    {
      kind: "fail",
      attribute: "kvm_arguments",
      words: expect.stringMatching(
        /: kvm_arguments is refused to every API token, since only root@pam may set it, so the apply fails and leaves the VM half-made$/,
      ) as string,
    },
  ]);
});

test("is judged so only if it is a VM, and not if it is another resource with a vm_id", () => {
  const words = wordsWith((plan) => {
    plan.resource_changes[0].type = "other";
  }, "id-held");
  expect(words).toEqual([]);
});

test("is called lost when its own VM was lost, and not when another VM or a data source has changed", () => {
  const drifted = (change: (drift: Json) => void): string[] =>
    wordsWith((plan) => change(plan.resource_drift[0]), "lost");
  expect(drifted(() => undefined)).toEqual([expect.stringContaining("is created again")]);
  expect(drifted((drift) => (drift.address = `${drift.address}_of_another`)).join()).not.toContain(
    "is created again",
  );
  expect(drifted((drift) => (drift.mode = "data"))).toEqual([]);
  expect(drifted((drift) => (drift.change.actions = ["update"]))).toEqual([]);
});

test("needs no remark about rights to create it when it already exists", () => {
  const { notes } = judgedWith(
    "new-node",
    ({ resource_changes: [{ change }] }) => {
      change.actions = ["update"];
      change.after.startup = [{ order: 1 }];
      change.before = change.after;
    },
    ASKING,
  );
  expect(notes.join()).not.toContain("half-made");
});

test("tells every problem of its check", () => {
  const words = wordsWith((plan) => {
    const check = plan.checks.find(({ address }: Json) => address.to_display === "check.k3s_agent_1_vm_id");
    check.status = "fail";
    check.instances = [{ problems: [{ message: "held by a" }] }, { problems: [{ message: "held by b" }] }];
  });
  expect(words).toEqual(["cannot be created: held by a; held by b"]);
});

test.each<[string, string, (plan: Json) => void, string]>([
  [
    "its ID is held, which only its check shows",
    "id-of-a-container",
    (plan) => (plan.prior_state.values.root_module.resources = []),
    "Set another vmId",
  ],
  [
    "its template is not seen",
    "no-rights",
    () => undefined,
    "Give the token VM.Audit and VM.Clone on /vms/9903, or set another templateVmId",
  ],
  ["it was lost", "lost", () => undefined, "Check with `qm list` on the PVE nodes whether it runs"],
  [
    "it leaves the state",
    "lost-refresh-only",
    () => undefined,
    "Check with `qm list` on the PVE nodes whether it runs",
  ],
])("that is refused since %s comes with what to do", (_, name, change, remedy) => {
  expect(judgedWith(name, change, ASKING).reasons[0]?.remedy).toContain(remedy);
});
