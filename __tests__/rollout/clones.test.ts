import type { Node } from "../../src/config/model";
import { reportedAddresses } from "../../src/rollout/clones";

const HAMAL = {
  hostname: "hamal",
  vmId: 135,
  macAddress: "BC:24:11:B3:ED:02",
  ipv4Address: "172.22.0.135",
} as Node;

/** A state with a VM as the provider describes it. */
const stateOf = (attributes: object, type = "proxmox_virtual_environment_vm"): string =>
  JSON.stringify({
    version: 4,
    resources: [{ mode: "managed", type, name: "x", instances: [{ attributes }] }],
  });

const VM = {
  vm_id: 135,
  name: "hamal",
  mac_addresses: ["00:00:00:00:00:00", "bc:24:11:b3:ed:02", "0A:58:0A:2A:00:01"],
  ipv4_addresses: [["127.0.0.1"], ["169.254.7.7", "172.22.0.201"], ["10.42.0.1"]],
};

const found = (...states: string[]): object => Object.fromEntries(reportedAddresses(states, [HAMAL]));

test("a clone is where its own interface is, in the stack that has its VM", () => {
  expect(found(stateOf({ ...VM, vm_id: 136 }), stateOf(VM))).toEqual({ hamal: "172.22.0.201" });
});

test.each([
  [
    "a VM that has its own address",
    stateOf({ ...VM, ipv4_addresses: [["127.0.0.1"], ["172.22.0.135"], []] }),
  ],
  ["a VM without the node's interface", stateOf({ ...VM, mac_addresses: ["BC:24:11:00:00:01"] })],
  ["a VM whose agent has not answered", stateOf({ ...VM, mac_addresses: [], ipv4_addresses: [] })],
  ["a VM without these attributes", stateOf({ vm_id: 135, mac_addresses: null })],
  ["an address that is none", stateOf({ ...VM, ipv4_addresses: [["127.0.0.1"], ["-oProxyCommand=x"]] })],
  ["another resource", stateOf(VM, "proxmox_virtual_environment_container")],
  ["a state that is none", "no state"],
  ["a state of another form", '{ "resources": [null] }'],
  ["an empty state", ""],
])("%s is found nowhere", (_, state) => {
  expect(found(state)).toEqual({});
});
