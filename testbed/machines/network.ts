import type { Node } from "../../src/config/model";

/** On the same switch as the machines, and in the LAN. */
export const OPERATOR_ADDRESS = "172.22.0.50";

/** A switch, and each machine on it by its own interface. */
export const network = (nodes: readonly Node[]): string[] => [
  "ip netns add switch",
  "ip -n switch link add br0 type bridge",
  "ip -n switch link set br0 up",
  ...host("operator", "eth0", OPERATOR_ADDRESS),
  ...nodes.flatMap((node) =>
    host(node.hostname, node.nixos.networkInterface, node.ipv4Address, node.macAddress),
  ),
];

const host = (name: string, device: string, address: string, mac?: string): string[] => [
  `ip netns add ${name}`,
  `ip -n ${name} link set lo up`,
  `ip link add name ${device} netns ${name} ${mac === undefined ? "" : `address ${mac}`} type veth peer name ${name} netns switch`,
  `ip -n ${name} link set ${device} up`,
  `ip -n switch link set ${name} up master br0`,
  `ip -n ${name} address add ${address}/24 dev ${device}`,
];

/** As flannel sets it up when nodes join: a tunnel device on each, and routes to all others. */
export const flannel = (nodes: readonly Node[]): string[] => [
  ...nodes.flatMap((node) => [
    `ip -n ${node.hostname} link add flannel.1 address ${tunnelMac(node)} mtu 1450 type vxlan id 1 dstport 8472 local ${node.ipv4Address} dev ${node.nixos.networkInterface} nolearning`,
    `ip -n ${node.hostname} address add ${tunnelAddress(node)}/32 dev flannel.1`,
    `ip -n ${node.hostname} link set flannel.1 up`,
  ]),
  ...nodes.flatMap((node) =>
    nodes
      .filter((other) => other !== node)
      .flatMap((other) => [
        `ip -n ${node.hostname} route add ${tunnelAddress(other)}/24 via ${tunnelAddress(other)} dev flannel.1 onlink`,
        `ip -n ${node.hostname} neighbour add ${tunnelAddress(other)} lladdr ${tunnelMac(other)} dev flannel.1 nud permanent`,
        `bridge -n ${node.hostname} fdb append ${tunnelMac(other)} dev flannel.1 dst ${other.ipv4Address}`,
      ]),
  ),
];

/** Pod networks as `programs/k3s-process.ts` assigns them. */
const numberOf = ({ ipv4Address }: Node): number => Number(ipv4Address.split(".")[3]) % 250;

const tunnelAddress = (node: Node): string => `10.42.${numberOf(node)}.0`;

const tunnelMac = (node: Node): string => `0e:00:00:00:00:${numberOf(node).toString(16).padStart(2, "0")}`;
