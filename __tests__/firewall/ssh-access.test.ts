import type { Networks } from "../../src/config/model";
import type { Flow } from "../../src/firewall/flows";
import { sshAccess } from "../../src/firewall/ssh-access";

const NETWORKS = {
  lanCidrs: ["172.22.0.0/24", "fd00:22::/64"],
  managementCidrs: ["10.8.0.0/24"],
} as unknown as Networks;

/** The sources for which one flow opens SSH. */
const openBy = (flow: object): string[] => {
  const all = [{ from: "lan", to: "every host", protocol: "tcp", ports: { from: 22, to: 22 }, ...flow }];
  return sshAccess(all as Flow[], NETWORKS).map(({ network }) => network.cidr);
};

test.each([
  ["lan", ["172.22.0.0/24"]],
  ["lan by IPv6", ["fd00:22::/64"]],
  ["management", ["10.8.0.0/24"]],
  ["management by IPv6", []],
  ["203.0.113.0/24", ["203.0.113.0/24"]],
  ["everyone", ["0.0.0.0/0", "::/0"]],
  ["nodes", []],
  ["pods", []],
  ["no network/at all", []],
])("SSH from %s is open to %j", (from, networks) => {
  expect(openBy({ from })).toEqual(networks);
});

test("SSH over a further interface is no way in for operators", () => {
  expect(openBy({ from: "lan", over: "storage0" })).toEqual([]);
});

test.each([
  ["tcp", 22, 22, true],
  ["tcp", 20, 22, true],
  ["tcp", 22, 30, true],
  ["tcp", 20, 21, false],
  ["tcp", 23, 30, false],
  ["udp", 22, 22, false],
])("a flow of %s to ports %d to %d opens SSH: %s", (protocol, from, to, opens) => {
  expect(openBy({ protocol, ports: { from, to } })).toEqual(opens ? ["172.22.0.0/24"] : []);
});
