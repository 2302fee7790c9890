import { plannedChanges, replacingChanges } from "../../src/gate/planned-vm";
import type { Change } from "../../src/gate/plan";

const change = (more: Partial<Change>): Change => ({ actions: ["update"], before: {}, after: {}, ...more });

/** Impact of each attribute that changes. */
const impactsOf = (one: Change): Record<string, string> =>
  Object.fromEntries(plannedChanges(one).map(({ where, impact }) => [where, impact]));

const DISK = { interface: "scsi0", size: 32, datastore_id: "a" };

test("attributes that only the guest or the provider sets are not reported", () => {
  const names = ["id", "ipv4_addresses", "ipv6_addresses", "mac_addresses", "network_interface_names"];
  const after_unknown = Object.fromEntries(names.map((name) => [name, true]));
  expect(plannedChanges(change({ after_unknown }))).toEqual([]);
});

test.each(["", false, 0, []])("a value that was not set and is %j now has not changed", (zero) => {
  expect(plannedChanges(change({ after: { hook_script_file_id: zero } }))).toEqual([]);
});

test("a list that is no longer empty has changed", () => {
  expect(impactsOf(change({ before: { tags: [] }, after: { tags: ["k3s"] } }))).toEqual({ tags: "nothing" });
});

test("a VM that is off takes every change at once, and a detached disk stays detached", () => {
  const before = {
    started: false,
    clone: [{}],
    cpu: [{ cores: 4 }],
    network_device: [{ bridge: "a" }],
    usb: [{ mapping: "a" }],
    disk: [DISK, { ...DISK, interface: "sata1" }],
  };
  const after = {
    ...before,
    cpu: [{ cores: 8 }],
    network_device: [{ bridge: "b" }],
    usb: [{ mapping: "b" }],
    disk: [{ ...DISK, datastore_id: "b" }],
  };
  expect(impactsOf(change({ before, after }))).toEqual({
    "cpu.cores": "nothing",
    "network_device.bridge": "nothing",
    "usb.mapping": "nothing",
    "disk[scsi0].datastore_id": "nothing",
    "disk[sata1]": "detached disk",
  });
});

test("a disk of an imported VM is moved like any other, while its other changes are deferred", () => {
  const [before, after] = [DISK, { ...DISK, datastore_id: "b", backup: true }].map((disk) => ({
    started: true,
    disk: [disk],
  }));
  expect(impactsOf(change({ before, after }))).toEqual({
    "disk[scsi0].datastore_id": "needs off",
    "disk[scsi0].backup": "power-off later",
  });
});

test("a replacement is attributed to the attributes that the plan names as its cause", () => {
  const [before, after] = ["a", "b"].map((file_id) => ({
    name: file_id,
    disk: [{ ...DISK, file_id }],
  }));
  const replacing = replacingChanges(change({ before, after, replace_paths: [["disk", 0, "file_id"]] }));
  expect(replacing.map(({ where }) => where)).toEqual(["disk[scsi0].file_id"]);
});

test.each<[string, unknown, unknown, string]>([
  ["is added", undefined, [{ type: "std" }], "amd_sev is added"],
  ["is removed", [{ type: "std" }], undefined, "amd_sev is removed"],
  ["changes", [{ type: "std" }], [{ type: "es" }], 'amd_sev.type "std" → "es"'],
])("a block that %s is reported as such", (_, old, now, words) => {
  const [one] = plannedChanges(change({ before: { amd_sev: old }, after: { amd_sev: now } }));
  expect(one?.words).toBe(words);
});

test("a text that is stated for the first time is shown without an old value, and a long one cut to a hundred characters", () => {
  const wordsOf = (description: string): string =>
    plannedChanges(change({ after: { description } }))[0]?.words ?? "";
  expect(wordsOf("short")).toBe('description not set → "short"');
  const [, shown = ""] = wordsOf("x".repeat(200)).split(" → ");
  expect([shown.length, shown.at(-1)]).toEqual([100, "…"]);
  expect(wordsOf("x".repeat(98))).toContain(`"${"x".repeat(98)}"`);
});

test("a text that is no longer stated is shown with its old value, and not as a removed block", () => {
  const [one] = plannedChanges(change({ before: { pool_id: "lab" }, after: {} }));
  expect(one?.words).toBe('pool_id "lab" → not set');
});

test("disks that are not known yet may replace a VM that is off, too", () => {
  const before = { started: false, disk: [DISK] };
  const after_unknown = { disk: true };
  expect(impactsOf(change({ before, after: { started: false }, after_unknown }))).toEqual({
    disk: "replacement",
  });
});
