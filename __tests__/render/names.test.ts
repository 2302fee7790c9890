import { renderNames } from "../../src/render/names";
import { renderReadme } from "../../src/render/readme";
import { fenced } from "../markdown";
import { cluster } from "../system/clusters";

type Sketch = Parameters<typeof cluster>[0];

/** Lines of each block in a language. */
const blocks = (sketch: Sketch, language: string): string[][] =>
  fenced(renderNames(cluster(sketch)), language).map((text) => text.trim().split("\n"));

const BEHIND_A_NAME = { servers: 3, agents: 0, apiEndpoint: "https://k3s.example.org:6443" };

test("every node is a reservation of Kea and of ISC dhcpd", () => {
  const sketch = { agents: 1 };
  const [kea = []] = blocks(sketch, "json");
  expect(JSON.parse(kea.join("\n"))).toEqual({
    reservations: [
      { "hw-address": "bc:24:11:b3:ed:01", "ip-address": "172.22.0.134", hostname: "server-1" },
      { "hw-address": "bc:24:11:b3:ed:02", "ip-address": "172.22.0.135", hostname: "agent-1" },
    ],
  });
  expect(blocks(sketch, "conf")[0]).toEqual([
    'host server-1 { hardware ethernet BC:24:11:B3:ED:01; fixed-address 172.22.0.134; option host-name "server-1"; }',
    'host agent-1 { hardware ethernet BC:24:11:B3:ED:02; fixed-address 172.22.0.135; option host-name "agent-1"; }',
  ]);
});

test("hosts with static addresses need no reservations", () => {
  const network = { gateway: "172.22.0.1", nameservers: ["172.22.0.1"] };
  expect(renderNames(cluster({ network }))).not.toMatch(/DHCP reservations|Kea|dhcpd/);
});

test("every node is a record of each DNS server, and a name as the endpoint one of every server", () => {
  const records = [
    "server-1",
    "server-2",
    "server-3",
    "k3s.example.org",
    "k3s.example.org",
    "k3s.example.org",
  ];
  const addresses = [134, 135, 136, 134, 135, 136].map((number) => `172.22.0.${number}`);
  const lines = (line: (name: string, address: string) => string): string[] =>
    records.map((name, index) => line(name, addresses[index] as string));
  expect(blocks(BEHIND_A_NAME, "hosts")[0]).toEqual(lines((name, address) => `${address} ${name}`));
  expect(blocks(BEHIND_A_NAME, "zone")[0]).toEqual(
    lines((name, address) => `${name.includes(".") ? `${name}.` : name} IN A ${address}`),
  );
  expect(blocks(BEHIND_A_NAME, "conf")[1]).toEqual([
    ...lines((name, address) => `local-data: "${name}. IN A ${address}"`),
    ...[1, 2, 3].map((number) => `local-data-ptr: "172.22.0.${133 + number} server-${number}."`),
  ]);
  expect(renderNames(cluster(BEHIND_A_NAME))).toContain("Only `k3s.example.org` must resolve");
});

test("an address as the endpoint is no record", () => {
  expect(blocks({ agents: 0 }, "hosts")[0]).toEqual(["172.22.0.134 server-1"]);
  expect(renderNames(cluster({}))).not.toContain("must resolve");
});

test("what a DHCP server gives to others is said, also to dnsmasq", () => {
  const network = { dhcpRange: { from: "172.22.0.50", to: "172.22.0.99" } };
  expect(renderNames(cluster({ network }))).toContain(
    "Other hosts get 172.22.0.50 to 172.22.0.99 from a DHCP server.",
  );
  expect(renderReadme(cluster({ network }), ["nix"])).toContain("`dhcp-range=172.22.0.50,172.22.0.99`");
  expect(renderNames(cluster({}))).not.toContain("from a DHCP server");
});
