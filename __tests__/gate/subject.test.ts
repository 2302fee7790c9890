/** By which names `--allow` knows what a plan changes. */
import type { ResourceChange } from "../../src/gate/plan";
import { subjectOf, VM_TYPE } from "../../src/gate/subject";

const subject = (more: Partial<ResourceChange>): unknown =>
  subjectOf({
    address: "vm.a",
    type: VM_TYPE,
    mode: "managed",
    change: { actions: ["update"], before: { name: "hamal", vm_id: 135 }, after: { name: "mizar" } },
    ...more,
  });

test("a VM has its address and both hostnames, of which the former one names it", () => {
  expect(subject({})).toEqual({
    address: "vm.a",
    hostname: "hamal",
    vmId: 135,
    names: ["vm.a", "hamal", "mizar"],
  });
});

test("a moved VM has its former address, too", () => {
  expect(subject({ previous_address: "vm.b" })).toMatchObject({ names: ["vm.a", "vm.b", "hamal", "mizar"] });
});

test("another resource has no hostname, although it has a name", () => {
  expect(subject({ type: "terraform_data" })).toEqual({ address: "vm.a", names: ["vm.a"] });
});
