import { guestInterfaces } from "../../src/config/guest-network";
import type { Node } from "../../src/config/model";
import type { NetworkInterfaceSettings } from "../../src/config/settings";
import { ALPHARD, agent, REFERENCE } from "../fixture";
import { OPERATOR_KEY } from "./operator-key";
import { resolved } from "./resolved";

/** A node with further network interfaces. */
function nodeWith(...further: readonly NetworkInterfaceSettings[]): Node {
  const networkInterfaces = [{ bridge: "vmbr0" }, ...further];
  const mizar = agent("k3s-agent-1", "mizar", 136, { networkInterfaces });
  const { cluster, faults } = resolved(REFERENCE, [ALPHARD, mizar], OPERATOR_KEY);
  expect(faults).toEqual([]);
  return cluster.nodes[1] as Node;
}

test("the host configures the further interfaces that have a name, and their VLANs", () => {
  const node = nodeWith(
    { bridge: "vmbr1" },
    { bridge: "vmbr2", name: "lab0", address: "dhcp", mtu: 9000 },
    {
      bridge: "vmbr3",
      name: "storage0",
      vlans: [{ id: 30, name: "backup0", address: { network: "198.18.0.0/24" } }],
    },
  );
  expect(guestInterfaces(node).map(({ name, vlanId, address }) => [name, vlanId, address])).toEqual([
    ["lab0", undefined, { kind: "dhcp" }],
    ["storage0", undefined, { kind: "none" }],
    ["backup0", 30, { kind: "static", network: "198.18.0.0/24", ipv4Address: "198.18.0.136" }],
  ]);
});

test("an interface without a name keeps the MAC address that Proxmox VE gives it", () => {
  const { vm, macAddress } = nodeWith({ bridge: "vmbr1" }, { bridge: "vmbr2", name: "lab0" });
  expect(vm.networkInterfaces.map((nic) => nic.macAddress)).toEqual([
    macAddress,
    undefined,
    `0A${macAddress.slice(2)}`,
  ]);
});

test.each([
  [undefined, undefined],
  [1, undefined], // that of the bridge
  [9000, 9000],
])("an interface with the MTU %p has %p in the host, as has a VLAN on it", (mtu, expected) => {
  const node = nodeWith({ bridge: "vmbr1", name: "lab0", mtu, vlans: [{ id: 30, name: "vlan0" }] });
  expect(guestInterfaces(node).map((nic) => nic.mtu)).toEqual([expected, expected]);
});
