import { guestsOf, templatesAreSeen } from "../../src/gate/inventory";
import type { KnownResource, Plan } from "../../src/gate/plan";

const VMS = "proxmox_virtual_environment_vms";
const CONTAINERS = "proxmox_virtual_environment_containers";

/** A plan that has read this inventory, in a module. */
const reading = (type: string, values: KnownResource["values"]): Plan => ({
  format_version: "1.2",
  prior_state: {
    values: {
      root_module: { child_modules: [{ resources: [{ address: "a", mode: "data", type, values }] }] },
    },
  },
});

const guest = { vm_id: 136, name: "mizar", node_name: "pve" };

test.each([
  ["VMs", VMS, { vms: [guest] }, [{ kind: "VM", vmId: 136, name: "mizar", pveNode: "pve" }]],
  [
    "containers",
    CONTAINERS,
    { containers: [guest] },
    [{ kind: "container", vmId: 136, name: "mizar", pveNode: "pve" }],
  ],
  ["a list that was not read", VMS, { vms: null }, []],
  ["another list of that name", "other", { vms: [guest], containers: [guest] }, []],
])("the guests of %s", (_, type, values, guests) => {
  expect(guestsOf(reading(type, values))).toEqual(guests);
});

test.each([
  ["a list of all VMs", VMS, {}, true],
  ["one with nothing stated", VMS, { node_name: null, tags: [], filter: null }, true],
  ["one of a PVE node", VMS, { node_name: "pve" }, false],
  ["one by tags", VMS, { tags: ["k3s"] }, false],
  ["one by filters", VMS, { filter: [{ name: "template", values: ["false"] }] }, false],
  ["a list of containers", CONTAINERS, {}, false],
])("whether %s has every template that the token may see", (_, type, values, seen) => {
  expect(templatesAreSeen(reading(type, values))).toBe(seen);
});
