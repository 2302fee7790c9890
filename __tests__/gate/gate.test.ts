import { checkPlan, type Verdict } from "../../src/gate/gate";
import { readPlan } from "../../src/gate/plan";
import type { Json } from "../fixture";
import { ASKING, ENGINES, judged, judgedWith, textOf, TOFU } from "./judged";

const wordsOf = ({ reasons }: Verdict): string[] => reasons.map(({ words }) => words);

const HAMAL = "hamal, VM 135 (proxmox_virtual_environment_vm.k3s_agent)";
const MIZAR = "mizar, VM 136 (proxmox_virtual_environment_vm.k3s_agent_1)";

const UNSEEN =
  "the provider detaches every disk of the VM that is not in the configuration, even those that no plan shows";

describe("what somebody has to agree to", () => {
  test.each<[string, ...string[]]>([
    ["cores", `${HAMAL}: cpu.cores 4 → 8: takes effect at the VM's next power-off`],
    [
      "cores-with-reboot",
      `${HAMAL}: cpu.cores 4 → 8: powers the VM off and on during the apply, since reboot_after_update is true`,
    ],
    [
      "agent-timeout-with-reboot",
      `${HAMAL}: agent.timeout "60s" → "120s": powers the VM off and on during the apply, since reboot_after_update is true`,
    ],
    [
      "disk-shrinks",
      `${HAMAL}: disk[scsi0].size 32 → 16: is refused, so the apply fails`,
      `${HAMAL}: with disk[scsi0].size ${UNSEEN}`,
    ],
    ["disk-grows", `${HAMAL}: with disk[scsi0].size ${UNSEEN}`],
    ["disk-added", `${HAMAL}: with disk[scsi1] ${UNSEEN}`],
    [
      "disk-grows-with-cores",
      `${HAMAL}: cpu.cores 4 → 8: takes effect at the VM's next power-off`,
      `${HAMAL}: disk[scsi0].size 32 → 64: cannot grow in the same apply as cpu.cores, so the apply fails half-way`,
      `${HAMAL}: with disk[scsi0].size ${UNSEEN}`,
    ],
    [
      "disk-removed",
      `${HAMAL}: disk[scsi1] is removed: detaches a disk and keeps it as unused`,
      `${HAMAL}: with disk[scsi1] ${UNSEEN}`,
    ],
    [
      "datastore",
      `${HAMAL}: disk[scsi0].datastore_id "Cesspool-VM" → "other": needs the VM to be off, which reboot_after_update = false prevents, so the apply fails`,
      `${HAMAL}: with disk[scsi0].datastore_id ${UNSEEN}`,
    ],
    [
      "interface-bridge",
      `${HAMAL}: network_device.bridge "vmbr0" → "vmbr1": changes a network interface of the running VM at once`,
    ],
    ["stopped", `${HAMAL}: started true → false: powers the VM off`],
    [
      "migration-without-migrate",
      `${HAMAL} is REPLACED, with its disks; node_name "pve" → "pve2": cannot change in place`,
    ],
    ["vm-id", `${HAMAL} is REPLACED, with its disks; vm_id 135 → 235: cannot change in place`],
    [
      "vm-id-create-before-destroy",
      `${HAMAL} is REPLACED, with its disks; another is created first; vm_id 135 → 235: cannot change in place`,
    ],
    ["disk-from-file", `${HAMAL} is REPLACED, with its disks; disk[scsi1] is added: cannot change in place`],
    ["replace-by-request", `${HAMAL} is REPLACED, with its disks; \`-replace\` asks for it`],
    [
      "tainted",
      `${HAMAL} is REPLACED, with its disks; it is tainted, since an apply failed half-way; \`tofu untaint\` keeps it`,
    ],
    ["delete", `${MIZAR} is DESTROYED, with its disks; it is no longer in the configuration`],
    ["deposed", `${HAMAL} is DESTROYED, with its disks; a replacement left it behind (deposed 0badcafe)`],
    ["other-deleted", "terraform_data.trigger is DESTROYED; it is no longer in the configuration"],
    ["other-replaced", "terraform_data.trigger is REPLACED"],
  ])("%s", (name, ...reasons) => {
    const verdict = judged(name);
    expect(wordsOf(verdict)).toEqual(reasons);
    expect(verdict.passes).toBe(false);
  });

  test("a value that is not known yet counts as the worst that it can be", () => {
    expect(
      ["unknown-cores", "unknown-size", "unknown-disks"].flatMap((name) => wordsOf(judged(name))),
    ).toEqual([
      `${HAMAL}: cpu.cores 4 → (known after apply): at worst takes effect at the VM's next power-off`,
      `${HAMAL}: disk[scsi0].size 32 → (known after apply): at worst is refused, so the apply fails`,
      `${HAMAL}: with disk[scsi0].size ${UNSEEN}`,
      expect.stringMatching(
        / disk .* → \(known after apply\): at worst destroys the VM and creates another$/,
      ),
      `${HAMAL}: with disk ${UNSEEN}`,
    ]);
  });

  test("an action that the gate does not know", () => {
    const verdict = judgedWith("cores", (plan) => (plan.resource_changes[0].change.actions = ["hibernate"]));
    expect(wordsOf(verdict)).toEqual([`${HAMAL}: the gate does not know what the action hibernate does`]);
  });

  test("a reboot when reboot_after_update is not stated: the provider's default is true", () => {
    const verdict = judgedWith(
      "cores",
      (plan) => delete plan.resource_changes[0].change.after.reboot_after_update,
    );
    expect(verdict.reasons.map(({ kind }) => kind)).toEqual(["power-cycle"]);
  });

  test("all of it at once", () => {
    const verdict = judgedWith("cores", (plan) => {
      for (const other of ["delete", "vm-id"])
        plan.resource_changes.push(...JSON.parse(textOf(other)).resource_changes);
    });
    expect(verdict.reasons.map(({ hostname, kind }) => `${hostname}: ${kind}`)).toEqual([
      "hamal: pending",
      "mizar: destroy",
      "hamal: replace",
    ]);
  });
});

describe("what passes", () => {
  test.each<[string, string, ...string[]]>([
    ["create", "3 VMs are created; 4 outputs are changed."],
    ["no-op", "Nothing changes."],
    [
      "description",
      "1 VM is changed.",
      `${HAMAL}: description "# K3s Agent" → "# K3s Agent, first of two": takes effect at once without interruption`,
    ],
    [
      "unknown-description",
      "1 VM is changed; 1 other resource is created.",
      `${HAMAL}: description "# K3s Agent" → (known after apply): takes effect at once without interruption`,
    ],
    [
      "migration",
      "1 VM is changed.",
      `${HAMAL}: node_name "pve" → "pve2": migrates the VM to another PVE node`,
    ],
    [
      "forget",
      "1 VM is forgotten; 1 output is changed.",
      `${MIZAR} is removed from the state, and stays as it is`,
    ],
    ["import", "1 other resource is imported.", "terraform_data.adopted is imported into the state"],
    [
      "moved",
      "1 VM is moved.",
      "mizar, VM 136 (proxmox_virtual_environment_vm.k3s_agent_2) is moved in the state, from proxmox_virtual_environment_vm.k3s_agent_1",
    ],
    ["output", "1 output is changed."],
    ["read", "1 other resource is created; 1 other resource is read."],
    ["check", "Nothing changes.", "check.holder fails: VM ID 136 is held"],
  ])("%s: %s", (name, summary, ...notes) => {
    expect(judged(name)).toMatchObject({ passes: true, summary, notes, reasons: [] });
  });

  test("what the documents say to expect of an imported VM, although its agent's time-out changes", () => {
    const { passes, notes } = judged("adopted");
    expect(passes).toBe(true);
    expect(notes.map((note) => / ([a-z._]+) \S+ → /.exec(note)?.[1])).toEqual([
      "agent.timeout",
      "delete_unreferenced_disks_on_destroy",
      "migrate",
      "reboot_after_update",
      "stop_on_destroy",
    ]);
  });

  test("new addresses that the guest reports, without a remark", () => {
    expect(judged("interface-bridge").notes).toEqual([]);
  });

  test("an update of a resource that is not a VM, with the remark that its impact is unknown", () => {
    const verdict = judgedWith(
      "other-deleted",
      (plan) => (plan.resource_changes[0].change.actions = ["update"]),
    );
    expect(verdict.passes).toBe(true);
    expect(verdict.notes).toEqual(["terraform_data.trigger changes; the gate knows the impact only for VMs"]);
  });
});

describe("a creation that cannot succeed", () => {
  const remedyOf = ({ reasons: [first] }: Verdict): string | undefined => first?.remedy;

  test("of a VM that exists and is not in the state is refused, with the line that imports it", () => {
    const verdict = judged("not-imported", [], ASKING);
    expect(wordsOf(verdict)).toEqual([
      `${MIZAR} cannot be created: it already exists, but is not in the state`,
    ]);
    expect(verdict.reasons[0]?.allow).toBe("mizar:fail");
    expect(remedyOf(verdict)).toMatch(
      /^Import it: npm run tofu -- import proxmox_virtual_environment_vm.k3s_agent_1 pve\/136 .*"A clone that failed half-way"/,
    );
  });

  test.each([
    ["id-held", "the VM other on pve already has VM ID 136"],
    ["id-of-a-container", "the container dns on pve already has VM ID 136"],
  ])("%s is refused once, and not a second time by the failed check", (name, words) => {
    const verdict = judged(name, [], ASKING);
    expect(wordsOf(verdict)).toEqual([`${MIZAR} cannot be created: ${words}`]);
    expect([remedyOf(verdict), verdict.notes]).toEqual(["Set another vmId", []]);
  });

  test("is recognized by the failed check alone when the plan lacks the inventory", () => {
    const verdict = judgedWith(
      "id-of-a-container",
      (plan) => (plan.prior_state.values.root_module.resources = []),
      ASKING,
    );
    expect(wordsOf(verdict)).toEqual([
      `${MIZAR} cannot be created: VM ID 136 of mizar is held by a container`,
    ]);
    expect(verdict.notes).toEqual([]);
  });

  test("is refused for each clone of a template that the token does not see", () => {
    const { reasons } = judged("no-rights", [], ASKING);
    expect(reasons.map(({ hostname, words }) => `${hostname}: ${words.split(") ")[1]}`)).toEqual(
      ["hamal", "mizar", "alphard"].map(
        (name) =>
          `${name}: cannot be created: its template, VM 9903, does not exist, or the token may not see it`,
      ),
    );
  });

  test("of a VM with a setting that only root may set is refused, since it would fail half-way", () => {
    const verdict = judgedWith(
      "new-node",
      ({ resource_changes: [{ change }] }) => {
        change.after.hook_script_file_id = "local:snippets/hook.pl";
        change.after.cpu[0].affinity = "0-3";
      },
      ASKING,
    );
    expect(verdict.reasons.map(({ kind, attribute }) => [kind, attribute])).toEqual([
      ["fail", "cpu.affinity"],
      ["fail", "hook_script_file_id"],
    ]);
  });

  test("of a VM that needs further rights passes, and they are named", () => {
    const verdict = judgedWith(
      "new-node",
      ({ resource_changes: [{ change }] }) => {
        change.after.startup = [{ order: 1, up_delay: null, down_delay: null }];
        change.after.hostpci = [
          { device: "hostpci0", mapping: "gpu" },
          { device: "hostpci1", id: "0000:01:00.0" },
        ];
      },
      ASKING,
    );
    expect(verdict.notes).toEqual([
      `${MIZAR}: hostpci[0]: the token needs Mapping.Use on the mapping, without which the VM is left half-made`,
      `${MIZAR}: startup: the token needs Sys.Modify on /, without which the VM is left half-made`,
    ]);
    expect(verdict.reasons.map(({ kind, attribute }) => [kind, attribute])).toEqual([["fail", "hostpci[1]"]]);
  });

  test("is neither a new node nor the replacement of the VM that has the ID itself", () => {
    expect(judged("new-node", [], ASKING)).toMatchObject({ passes: true, reasons: [], notes: [] });
    const { reasons } = judgedWith(
      "asked",
      ({ resource_changes }) => (resource_changes[0].change.actions = ["delete", "create"]),
      ASKING,
    );
    expect(reasons.map(({ kind }) => kind)).toEqual(["replace"]);
  });
});

describe("a VM that is lost", () => {
  test("is created again only after it was allowed", () => {
    const verdict = judged("lost", [], ASKING);
    expect(verdict.summary).toBe("1 VM is created; 1 resource is lost.");
    expect(wordsOf(verdict)).toEqual([
      `${MIZAR} is created again: it is in the state, but gone from Proxmox VE, or the token may not see it`,
    ]);
    expect(judged("lost", ["mizar:create"], ASKING).passes).toBe(true);
  });

  test("does not leave the state by -refresh-only without being named", () => {
    const verdict = judged("lost-refresh-only", [], ASKING);
    expect(verdict.summary).toBe("1 resource is lost.");
    expect(wordsOf(verdict)).toEqual([
      `${MIZAR} is removed from the state: it is gone, or the token may not see it`,
    ]);
    expect(judged("lost-refresh-only", ["mizar:forget"], ASKING)).toMatchObject({
      passes: true,
      unmatched: [],
    });
  });

  test("is not reported by a -refresh-only that finds every VM, which is named as such", () => {
    expect(judged("refresh-only", [], ASKING)).toMatchObject({
      passes: true,
      notes: ["the plan was made with `-refresh-only`, so it does not cover the configuration"],
    });
    expect(judged("asked", [], ASKING)).toMatchObject({
      passes: true,
      notes: [],
      summary: "Nothing changes.",
    });
  });
});

describe("a VM that is off", () => {
  test("is started by any apply, which must be allowed", () => {
    const verdict = judged("started-again", [], ASKING);
    expect(wordsOf(verdict)).toEqual([`${HAMAL}: started false → true: starts the VM, which is off`]);
    expect(judged("started-again", ["hamal:start"], ASKING).passes).toBe(true);
  });

  test("takes a change at once that a running VM defers or refuses", () => {
    const { reasons, notes } = judged("changed-while-off", [], ASKING);
    expect(reasons.map(({ kind }) => kind)).toEqual(["start", "disk"]);
    expect(notes.map((note) => / ([a-z_.0[\]]+) \S+ → /.exec(note)?.[1])).toEqual([
      "cpu.cores",
      "disk[scsi0].size",
      "network_device.bridge",
    ]);
  });

  test("can have its disk moved", () => {
    const verdict = judgedWith(
      "changed-while-off",
      ({ resource_changes }) =>
        resource_changes
          .filter(({ change }: Json) => change.after.name === "hamal")
          .forEach(({ change }: Json) => (change.after.disk[0].datastore_id = "fast")),
      ASKING,
    );
    expect(verdict.reasons.map(({ kind }) => kind)).toEqual(["start", "disk"]);
    expect(verdict.notes).toContainEqual(expect.stringContaining("disk[scsi0].datastore_id"));
  });

  test("is not power-cycled", () => {
    const verdict = judgedWith("cores-with-reboot", ({ resource_changes: [{ change }] }) => {
      change.before.started = change.after.started = false;
    });
    expect(verdict).toMatchObject({ passes: true, reasons: [] });
  });

  test("can be the rest of an interrupted clone: imported, it does not fail half-way", () => {
    const { reasons } = judged("half-cloned", [], ASKING);
    expect(reasons.map(({ kind }) => kind)).toEqual(["start", "disk"]);
  });
});

describe("disks", () => {
  const removal = (change: (vm: Json) => void): Verdict =>
    judgedWith("disk-removed", (plan) => change(plan.resource_changes[0].change));

  test("that an imported VM has and main.ts does not state are named", () => {
    const { reasons } = judged("imported-with-another-disk", [], ASKING);
    expect(reasons.map(({ kind, attribute }) => [kind, attribute])).toEqual([
      ["disk", "disk[scsi1]"],
      ["disk", "disk"],
    ]);
    expect(reasons[1]?.remedy).toBe("Compare `qm config 136` with main.ts: it must contain every disk");
  });

  test("of an imported VM do not grow in the first apply", () => {
    const { reasons } = judged("imported-and-grown", [], ASKING);
    expect(reasons.map(({ kind, attribute, remedy }) => [kind, attribute, remedy])).toEqual([
      ["fail", "disk[scsi0].size", "Apply it twice"],
      ["disk", "disk", expect.anything()],
    ]);
  });

  test("of an imported VM leave their other changes pending", () => {
    const verdict = judgedWith("adopted", ({ resource_changes: [{ change }] }) => {
      change.before.disk[0].backup = false;
    });
    expect(verdict.reasons.map(({ kind, attribute }) => [kind, attribute])).toEqual([
      ["pending", "disk[scsi0].backup"],
      ["disk", "disk"],
    ]);
  });

  test("are not removed while boot_order names them, nor from a protected VM", () => {
    const kindAndRemedy = ({ reasons: [first] }: Verdict) => [first?.kind, first?.remedy];
    expect(
      kindAndRemedy(removal((vm) => (vm.before.boot_order = vm.after.boot_order = ["scsi0", "scsi1"]))),
    ).toEqual(["fail", "Remove it from bootOrder first, in a separate apply"]);
    expect(kindAndRemedy(removal((vm) => (vm.before.protection = true)))).toEqual([
      "fail",
      "Set protection: false first, in a separate apply",
    ]);
  });
});

describe("what Proxmox VE refuses to tokens", () => {
  test("is refused and not called a restart, whatever reboot_after_update is", () => {
    const verdict = judgedWith("cores-with-reboot", ({ resource_changes: [{ change }] }) => {
      change.after.cpu[0].affinity = "0-3";
    });
    expect(verdict.reasons.map(({ kind, attribute }) => [kind, attribute])).toEqual([
      ["fail", "cpu.affinity"],
      ["power-cycle", "cpu.cores"],
    ]);
    expect(verdict.reasons[0]?.remedy).toContain("`qm set`");
  });

  test("is reported for the VM that a replacement by amd_sev destroys", () => {
    const verdict = judgedWith("vm-id", ({ resource_changes: [{ change }] }) => {
      change.after.amd_sev = [{ type: "std" }];
      change.replace_paths = [["amd_sev"]];
    });
    expect(wordsOf(verdict)[0]).toMatch(
      /REPLACED.*amd_sev is added: cannot change in place; it destroys the VM and creates no other/,
    );
  });
});

describe("--allow", () => {
  test.each([
    ["cores", "hamal:pending"],
    ["cores-with-reboot", "hamal:power-cycle"],
    ["stopped", "hamal:power-cycle"],
    ["interface-bridge", "hamal:network"],
    ["vm-id", "proxmox_virtual_environment_vm.k3s_agent:replace"],
    ["delete", "mizar:destroy"],
    ["moved-and-cores", "proxmox_virtual_environment_vm.k3s_agent_1:pending"],
    ["other-deleted", "terraform_data.trigger:destroy"],
  ])("%s passes with --allow %s, which is printed", (name, permission) => {
    const { passes, allowed, unmatched } = judged(name, [permission]);
    expect([passes, allowed.length, unmatched]).toEqual([true, 1, []]);
  });

  test.each([
    ["disk-removed", ["hamal:disk"], ["disk", "disk"]],
    ["disk-shrinks", ["hamal:fail", "hamal:disk"], ["fail", "disk"]],
  ])("%s passes with %j", (name, permissions, kinds) => {
    const { passes, allowed } = judged(name, permissions);
    expect([passes, allowed.map(({ kind }) => kind)]).toEqual([true, kinds]);
  });

  test("allows one kind, and no other for the same node", () => {
    const { passes, allowed, reasons } = judged("disk-grows-with-cores", ["hamal:pending"]);
    expect([passes, allowed.map(({ kind }) => kind), reasons.map(({ kind }) => kind)]).toEqual([
      false,
      ["pending"],
      ["fail", "disk"],
    ]);
    expect(judged("delete", ["mizar:power-cycle"])).toMatchObject({
      passes: false,
      unmatched: ["--allow mizar:power-cycle: the plan has no change of this kind to it"],
    });
  });

  test("with a bare name allows nothing, and says what to write", () => {
    expect(judged("disk-grows-with-cores", ["hamal"])).toMatchObject({
      passes: false,
      allowed: [],
      unmatched: [
        "--allow hamal: add the kind of change; to allow everything that the plan does: --allow hamal:pending --allow hamal:fail --allow hamal:disk",
      ],
    });
    expect(judged("no-op", ["hamal:anything"]).unmatched).toEqual([
      expect.stringMatching(
        /^--allow hamal:anything: write NODE:KIND, with one of destroy, replace, power-cycle/,
      ),
    ]);
  });

  test("takes an address that contains colons", () => {
    const address = 'proxmox_virtual_environment_vm.node["a:destroy"]';
    const plan = JSON.parse(textOf("delete"));
    plan.resource_changes[0].address = address;
    expect(checkPlan(plan, [address])).toMatchObject({ passes: false });
    expect(checkPlan(plan, [`${address}:destroy`])).toMatchObject({ passes: true, unmatched: [] });
  });

  test("allows nothing for another node, nor for one whose name only begins with it", () => {
    expect(judged("cores", ["mizar:pending", "ham:pending"])).toMatchObject({
      passes: false,
      allowed: [],
      unmatched: [
        "--allow mizar:pending: the plan has no change of this kind to it",
        "--allow ham:pending: the plan has no such node",
      ],
    });
  });

  test("for a node that is not in the plan is reported", () => {
    expect(judged("no-op", ["alnair:pending"])).toMatchObject({
      passes: true,
      unmatched: ["--allow alnair:pending: the plan has no such node"],
    });
  });
});

describe("what is sensitive", () => {
  test("is compared, and not printed", () => {
    const verdict = judged("sensitive");
    expect(JSON.stringify(verdict)).not.toMatch(/hunter|q35|root/);
    expect(wordsOf(verdict)).toContain(
      `${HAMAL}: machine (sensitive): takes effect at the VM's next power-off`,
    );
    expect(verdict.notes).toEqual([
      `${HAMAL}: description (sensitive): takes effect at once without interruption`,
    ]);
  });

  test("may be a name: the address is printed instead", () => {
    const verdict = judgedWith(
      "cores",
      (plan) => (plan.resource_changes[0].change.before_sensitive.name = true),
    );
    expect(verdict.reasons[0]).toMatchObject({
      words: expect.stringMatching(/^VM 135 \(proxmox_virtual_environment_vm.k3s_agent\): cpu/),
      allow: "proxmox_virtual_environment_vm.k3s_agent:pending",
    });
    expect(JSON.stringify(verdict)).not.toContain("hamal");
  });

  test("may be the name of a disk", () => {
    const verdict = judgedWith("disk-shrinks", (plan) => {
      plan.resource_changes[0].change.after_sensitive.disk[0].interface = true;
    });
    expect(wordsOf(verdict)).toEqual([
      `${HAMAL}: disk.size 32 → 16: is refused, so the apply fails`,
      `${HAMAL}: with disk.size ${UNSEEN}`,
    ]);
  });

  test("may be a whole VM", () => {
    const verdict = judgedWith("vm-id", (plan) => (plan.resource_changes[0].change.after_sensitive = true));
    expect(JSON.stringify(verdict)).not.toMatch(/hamal|135|235/);
    expect(verdict.passes).toBe(false);
  });
});

describe.each(ENGINES)("%s", (engine) => {
  test.each(["cores", "vm-id", "delete", "moved", "import", "unknown-cores"])(
    "%s is judged alike",
    (name) => {
      expect(judged(name, [], engine)).toEqual(judged(name));
    },
  );

  test("there is no verdict on a plan that failed", () => {
    expect(() => judged("errored", [], engine)).toThrow(/planning failed/i);
  });
});

test.each(["create", "forget", "output", "read", "sensitive", "deposed"])(
  "a plan of Terraform is judged, too: %s",
  (name) => {
    expect(judged(name, [], "terraform-1.11")).toEqual(judged(name));
  },
);

describe("no verdict", () => {
  test.each([
    ["errored", TOFU, "Planning failed, so the plan is incomplete."],
    ["precondition", TOFU, "proxmox_virtual_environment_vm.k3s_agent: another PVE node is expected"],
    ["precondition", "terraform-1.5", "another PVE node is expected"],
    ["check-error", TOFU, "check.holder: its condition cannot be evaluated"],
    ["check-error", "terraform-1.11", "check.holder: its condition cannot be evaluated"],
    ["targeted", TOFU, "The plan does not cover proxmox_virtual_environment_vm.k3s_agent, "],
    [
      "excluded",
      ASKING,
      "The plan does not cover proxmox_virtual_environment_vm.k3s_agent: it was made with",
    ],
    ["new-node-excluded", ASKING, "The plan does not cover proxmox_virtual_environment_vm.k3s_agent_1: "],
    ["targeted-at-another", ASKING, "or `-exclude`, or planning failed. Fix any errors"],
    ["targeted", "terraform-1.11", "The plan is incomplete: it was made with `-target`"],
    ["errored", "terraform-1.5", "The plan does not cover proxmox_virtual_environment_vm.k3s_agent: "],
    ["targeted", "terraform-1.5", "it was made with `-target`"],
  ])("%s of %s", (name, engine, complaint) => {
    expect(() => judged(name, [], engine)).toThrow(complaint);
  });

  test("for a plan with deferred changes", () => {
    expect(() => judgedWith("no-op", (plan) => (plan.deferred_changes = [{}]))).toThrow(
      "is deferred and cannot be checked",
    );
  });

  test.each([
    ["nothing", "", "The input is empty"],
    ["a saved plan", "PK\u0003\u0004", "The input is the saved plan itself"],
    ["a log", '{"@level":"info"}\n{"@level":"info"}', "The input is the log of `plan -json`"],
    ["half a plan", textOf("no-op").slice(0, 4000), "The input is not JSON, or truncated"],
    ["a state", '{"format_version":"1.0","values":{}}', "The input is a state"],
    ["a state file", '{"version":4,"serial":1,"resources":[]}', "The input is a state"],
    ["a list", "[]", "The input is JSON, but not a plan"],
    ["null", "null", "The input is JSON, but not a plan"],
    [
      "another format's resources",
      '{"format_version":"1.2","resource_changes":[{}]}',
      "The input is JSON, but not a plan",
    ],
    ["another format", textOf("no-op").replace('"1.2"', '"2.0"'), "format version 2.0"],
  ])("%s is not a plan, and the message says how to make one", (_, text, complaint) => {
    expect(() => readPlan(text)).toThrow(complaint);
    expect(() => readPlan(text)).toThrow(/tofu show -json|OpenTofu 1.10 or Terraform 1.5/);
  });
});
