/** The kind by which a change is allowed. It is an interface to everybody who writes `--allow`. */
import type { Json } from "../fixture";
import { parsePermission } from "../../src/gate/kinds";
import { ASKING, judged, judgedWith } from "./judged";

type Vm = Json;

/** The kinds that must be allowed when hamal, which runs, changes so. */
const kindsOf = (change: (before: Vm, after: Vm, it: Json) => void, name = "no-op"): string[] =>
  judgedWith(name, ({ resource_changes }) => {
    const hamal = resource_changes.find(({ address }: Json) => address.endsWith(".k3s_agent")).change;
    hamal.actions = ["update"];
    change(hamal.before, hamal.after, hamal);
  }).reasons.map(({ kind }) => kind);

test.each<[string, string, (before: Vm, after: Vm, it: Json) => void]>([
  ["becomes a template", "destroy", (_, after) => (after.template = true)],
  ["is a template that becomes a VM", "fail", (before) => (before.template = true)],
  ["may get another VM ID", "replace", (_, __, it) => (it.after_unknown.vm_id = true)],
  ["may get amd_sev", "replace", (_, after) => (after.amd_sev = [{ type: "std" }])],
  ["has its disk moved", "fail", (_, after) => (after.disk[0].datastore_id = "fast")],
  ["loses a USB device", "device", (before) => (before.usb = [{ mapping: "stick" }])],
  [
    "loses the medium of a drive",
    "device",
    (before, after) => {
      before.cdrom = [{ file_id: "local:iso/a.iso", interface: "ide3" }];
      after.cdrom = [{ file_id: "", interface: "ide3" }];
    },
  ],
  [
    "loses a disk that is never unplugged",
    "disk",
    (before, after) => {
      before.disk.push({ ...after.disk[0], interface: "sata1" });
    },
  ],
])("of a VM that %s the kind is %s", (_, kind, change) => {
  expect(kindsOf(change)[0]).toBe(kind);
});

test("a VM whose disk is moved with reboot_after_update is power-cycled, and the apply does not fail", () => {
  const kinds = kindsOf((before, after) => {
    before.reboot_after_update = after.reboot_after_update = true;
    after.disk[0].datastore_id = "fast";
  });
  expect(kinds[0]).toBe("power-cycle");
});

test.each([[["hibernate"]], [["update", "hibernate"]], [["no-op", "hibernate"]], [[]]])(
  "actions %j are of the kind unknown",
  (actions) => {
    expect(kindsOf((_, __, it) => (it.actions = actions))).toEqual(["unknown"]);
  },
);

test.each([
  ["not-imported", "mizar:fail"],
  ["id-held", "mizar:fail"],
  ["no-rights", "hamal:fail"],
])("a creation that cannot succeed is of the kind fail: %s", (name, allow) => {
  const [first] = judged(name, [], ASKING).reasons;
  expect([first?.kind, first?.allow]).toEqual(["fail", allow]);
});

test.each([
  ["hamal:destroy", "hamal", "destroy"],
  ['vm["a:b"]:destroy', 'vm["a:b"]', "destroy"],
  [":destroy", "", "destroy"],
  ["destroy", "destroy", undefined],
  ["hamal:delete", "hamal:delete", undefined],
])("--allow %s names %j and the kind %s", (text, node, kind) => {
  expect(parsePermission(text)).toEqual({ text, node, kind });
});
