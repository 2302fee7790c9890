import type { AllowedFlow, ClusterSettings } from "../../src/config/settings";
import { ALPHARD, faultsOf, faultsWith, HAMAL, MIZAR, REFERENCE } from "../fixture";

const { network, k3s } = REFERENCE;

const faultsOfNetwork = (more: Partial<ClusterSettings["network"]>): string[] =>
  faultsWith({ network: { ...network, ...more } });

describe("operators are not locked out:", () => {
  test("a flow of the owner that opens SSH to them counts on every host, and does not on a single one", () => {
    const admitted = (to: AllowedFlow["to"]): string[] =>
      faultsWith({
        network: { ...network, operatorCidrs: ["10.8.0.0/24"] },
        firewall: {
          allow: [
            { from: "10.8.0.0/24", to, protocol: "tcp", ports: { from: 22, to: 22 }, why: "SSH by VPN" },
          ],
        },
      });
    expect(admitted("every host")).toEqual([]);
    expect(admitted("servers")).toEqual([expect.stringContaining("would lock out 10.8.0.0/24")]);
  });

  test.each<[string, Partial<ClusterSettings["network"]>, string]>([
    [
      "SSH open to nobody",
      { lanCidrs: [] },
      "'network.lanCidrs' should be at least one network, otherwise SSH is closed, got []",
    ],
    [
      "SSH open to no management network",
      { managementCidrs: [] },
      "'network.managementCidrs' should be at least one network, otherwise SSH is closed, got []",
    ],
    [
      "SSH closed to the node network",
      { lanCidrs: ["192.168.0.0/16"] },
      "'network.lanCidrs' would lock out 172.22.0.0/24 of 'nodeCidr': SSH is open only to 192.168.0.0/16; add the network",
    ],
    [
      "SSH closed to half of the node network",
      { lanCidrs: ["172.22.0.0/25"] },
      "'network.lanCidrs' would lock out 172.22.0.0/24 of 'nodeCidr'",
    ],
    [
      "SSH closed to the network of the gateway",
      { lanCidrs: ["192.168.0.0/16"], gateway: "172.22.0.1", nameservers: ["9.9.9.9"] },
      "'network.lanCidrs' would lock out 172.22.0.0/24 of 'nodeCidr'",
    ],
    [
      "SSH closed to operators",
      { operatorCidrs: ["10.8.0.0/24"] },
      "'network.lanCidrs' would lock out 10.8.0.0/24 of 'operatorCidrs': SSH is open only to 172.22.0.0/24; add the network",
    ],
    [
      "SSH closed to operators of IPv6",
      { operatorCidrs: ["172.22.0.0/24", "fd00:8::/64"], lanCidrs: ["172.22.0.0/24", "fd00:9::/64"] },
      "'network.lanCidrs' would lock out fd00:8::/64 of 'operatorCidrs'",
    ],
    [
      "a LAN that does not count, since SSH is for management alone",
      { operatorCidrs: ["10.8.0.0/24"], lanCidrs: ["10.8.0.0/24"], managementCidrs: ["172.22.0.0/24"] },
      "'network.managementCidrs' would lock out 10.8.0.0/24 of 'operatorCidrs': SSH is open only to 172.22.0.0/24; add the network",
    ],
    [
      "operators of whom nothing is said",
      { operatorCidrs: undefined },
      "'network.operatorCidrs' should be the networks from which operators use SSH, or waived by " +
        "'operatorNetworkWaived: true', got nothing",
    ],
    [
      "operators of whom two things are said",
      { operatorNetworkWaived: true },
      "'operatorNetworkWaived: true', not both, got [\"172.22.0.0/24\"]",
    ],
    [
      "a network that is none",
      { operatorCidrs: ["fd00::1::/64"] },
      "'network.operatorCidrs[0]' should be an IPv4 or IPv6 network such as 10.0.0.0/24 or fd00:22::/64, got 'fd00::1::/64'",
    ],
    [
      "a LAN network that is none, of which nothing else can be said",
      { lanCidrs: ["172.22.0.0/33"] },
      "'network.lanCidrs[0]' should be an IPv4 or IPv6 network such as 10.0.0.0/24 or fd00:22::/64, got '172.22.0.0/33'",
    ],
    [
      "a network with host bits",
      { managementCidrs: ["172.22.0.0/24", "fd00:22::1/64"] },
      "'network.managementCidrs[1]' should be written as fd00:22::/64, got 'fd00:22::1/64'",
    ],
    [
      "a LAN of IPv6, which reaches nothing beside a management network",
      { lanCidrs: ["172.22.0.0/24", "fd00:22::/64"], managementCidrs: ["172.22.0.0/24"] },
      "'network.lanCidrs' fd00:22::/64 has no effect: over IPv6 the LAN reaches only SSH and the API, and " +
        "'managementCidrs' reserves these; remove it, or add it to 'managementCidrs'",
    ],
    [
      "pods that would pass for operators",
      { managementCidrs: ["172.22.0.0/24", "10.0.0.0/8"] },
      "'network.podCidr' 10.42.0.0/16 overlaps 'managementCidrs' 10.0.0.0/8",
    ],
  ])("%s", (_, more, message) => {
    const faults = faultsOfNetwork(more);
    expect(faults[0]).toContain(message);
    expect(faults.slice(1).filter((fault) => !fault.includes("10.0.0.0/8"))).toEqual([]);
  });

  test.each<[string, Partial<ClusterSettings["network"]>]>([
    ["a waived operator network", { operatorCidrs: undefined, operatorNetworkWaived: true }],
    [
      "operators in one of several networks",
      { operatorCidrs: ["10.8.0.0/24"], lanCidrs: ["172.22.0.0/24", "10.8.0.0/16"] },
    ],
    ["a network in two halves", { lanCidrs: ["172.22.0.128/25", "172.22.0.0/25"] }],
    ["operators of IPv6", { operatorCidrs: ["fd00:8::/64"], lanCidrs: ["172.22.0.0/24", "fd00::/16"] }],
    ["no LAN beside a management network", { lanCidrs: [], managementCidrs: ["172.22.0.0/24"] }],
  ])("%s passes", (_, more) => {
    expect(faultsOfNetwork(more)).toEqual([]);
  });
});

const METRICS: AllowedFlow = {
  from: "192.168.50.0/24",
  to: "every host",
  protocol: "tcp",
  ports: { from: 9100, to: 9100 },
  why: "node exporter",
};

const faultsOfAllowed = (flow: Partial<AllowedFlow>, more: Partial<ClusterSettings> = {}): string[] =>
  faultsWith({ ...more, firewall: { allow: [{ ...METRICS, ...flow }] } });

const port = (from: number, to = from) => ({ from, to });

describe("an allowed flow", () => {
  test.each<[string, Partial<AllowedFlow>]>([
    ["from a network", {}],
    ["from a network of IPv6", { from: "fd00:50::/64" }],
    ["from nodes", { from: "nodes" }],
    ["from pods", { from: "pods" }],
    ["from everyone", { from: "everyone" }],
    ["from every address", { from: "0.0.0.0/0" }],
    ["to servers", { to: "servers" }],
    ["to agents", { to: "agents" }],
    ["to one host", { to: "mizar" }],
    ["of the kubelet's metrics", { ports: port(10_250) }],
    ["of a node port", { from: "everyone", ports: port(30_443) }],
    ["of TCP on VXLAN's number", { ports: port(8472) }],
  ])("%s passes", (_, flow) => {
    expect(faultsOfAllowed(flow)).toEqual([]);
  });

  test.each<[string, Partial<AllowedFlow>, string]>([
    ["from no network", { from: "lan" }, "'firewall.allow[0].from' should be an IPv4 or IPv6 network"],
    [
      "from host bits",
      { from: "192.168.50.1/24" },
      "'firewall.allow[0].from' should be written as 192.168.50.0/24",
    ],
    [
      "to no host",
      { to: "atria" },
      "'firewall.allow[0].to' should be every host, servers, agents, or a hostname, got 'atria'",
    ],
    [
      "to nothing",
      { to: undefined },
      "'firewall.allow[0].to' should be every host, servers, agents, or a hostname, got nothing",
    ],
    [
      "of no protocol",
      { protocol: undefined },
      "'firewall.allow[0].protocol' should be one of tcp, udp, icmp, vrrp, or a whole number from 0 to 255, got nothing",
    ],
    [
      "of no port",
      { ports: undefined },
      "'firewall.allow[0].ports' should be a range such as { from: 9100, to: 9100 }, got nothing",
    ],
    [
      "of ports reversed",
      { ports: port(9, 8) },
      "'firewall.allow[0].ports' should be a range with 'from' at most 'to'",
    ],
    [
      "for no reason",
      { why: " " },
      "'firewall.allow[0].why' should be a reason, which becomes a comment in the ruleset, got ' '",
    ],
  ])("%s is a fault", (_, flow, message) => {
    expect(faultsOfAllowed(flow).join("\n")).toContain(message);
  });

  test("with ports that are not a range is one fault", () => {
    expect(faultsOfAllowed({ ports: 9100 as unknown as AllowedFlow["ports"] })).toEqual([
      "'firewall.allow[0].ports' should be a group of settings such as { from: 9100, to: 9100 }, got 9100",
    ]);
  });

  test.each(["10.42.0.0/16", "10.42.1.0/24", "10.43.0.0/16"])(
    "from %s, which pods use, is a fault",
    (from) => {
      expect(faultsOfAllowed({ from })).toEqual([
        `'firewall.allow[0].from' should be 'pods', since ${from} is in the pod or service network`,
      ]);
    },
  );

  test("never means a host that is named like a role, which is a fault of the host", () => {
    const settings = { ...REFERENCE, firewall: { allow: [{ ...METRICS, to: "agents" }] } };
    expect(faultsOf([ALPHARD, HAMAL, { ...MIZAR, hostname: "agents" }], settings)).toEqual([
      "'hostname' of 'agents' is agents, by which a rollout means every agent (--on agents); give it a name of its own",
    ]);
  });
});

describe("a contradiction is a fault:", () => {
  test.each<[string, Partial<AllowedFlow>, Partial<ClusterSettings["k3s"]>, string]>([
    [
      "VXLAN opened",
      { from: "everyone", protocol: "udp", ports: port(8000, 9000) },
      {},
      "'firewall.allow[0]' opens UDP 8000-9000 to everyone, but UDP 8472 is reserved for nodes: VXLAN: pods on different hosts",
    ],
    [
      "WireGuard opened",
      { protocol: "udp", ports: port(51_820) },
      { flannelBackend: "wireguard-native" },
      "'firewall.allow[0]' opens UDP 51820 to 192.168.50.0/24, but UDP 51820 is reserved for nodes: WireGuard",
    ],
  ])("%s", (_, flow, more, message) => {
    const faults = faultsOfAllowed(flow, { k3s: { ...k3s, ...more } });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(message);
  });

  test("etcd opened to nodes that are not servers", () => {
    const nodes = [
      { ...ALPHARD, clusterInit: true },
      { ...ALPHARD, id: "b", hostname: "acrux", vmId: 137 },
      { ...ALPHARD, id: "c", hostname: "alnair", vmId: 138 },
    ];
    const settings = {
      ...REFERENCE,
      firewall: { allow: [{ ...METRICS, from: "nodes", ports: port(2379) }] },
    };
    expect(faultsOf(nodes, settings)).toEqual([
      "'firewall.allow[0]' opens TCP 2379 to nodes, but TCP 2379-2380 is reserved for servers: etcd; choose other ports",
    ]);
  });

  test.each<[string, Partial<ClusterSettings["k3s"]>, string]>([
    [
      "SSH's port given to pods",
      { exposedPorts: [{ protocol: "tcp", ...port(20, 25) }] },
      "'k3s.exposedPorts' TCP 20-25 would go to pods, but the host needs TCP 22: SSH",
    ],
    [
      "the API's port among node ports",
      { nodePorts: port(6000, 7000) },
      "'k3s.nodePorts' TCP 6000-7000 would go to pods, but the host needs TCP 6443: Kubernetes API",
    ],
    [
      "VXLAN given to pods",
      { exposedPorts: [{ protocol: "udp", ...port(8472) }] },
      "'k3s.exposedPorts' UDP 8472 would go to pods, but the host needs UDP 8472: VXLAN",
    ],
  ])("%s", (_, more, message) => {
    const faults = faultsWith({ k3s: { ...k3s, ...more } });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(message);
  });

  test("ports exposed to a LAN that does not exist", () => {
    const settings = {
      network: { ...network, lanCidrs: [], managementCidrs: ["172.22.0.0/24"] },
      k3s: { ...k3s, exposedPorts: [{ protocol: "tcp", ...port(25_565) } as const] },
    };
    expect(faultsWith(settings)).toEqual([
      "'k3s.exposedPorts' has no effect: 'network.lanCidrs' has no IPv4 network; add one",
    ]);
  });

  test("trusted pods take no port from anybody", () => {
    expect(faultsWith({ firewall: { trustPods: true } })).toEqual([]);
  });
});

describe("node_exporter's port is one that the host does not need itself:", () => {
  const faultsAt = (nodeExporterPort: number, allow: readonly AllowedFlow[] = []): string[] =>
    faultsWith({
      nixos: { ...REFERENCE.nixos, monitoring: { from: ["192.168.50.0/24"], nodeExporterPort } },
      firewall: { allow },
    });

  test("not the kubelet's", () => {
    expect(faultsAt(10_250)).toEqual([
      "'nixos.monitoring.nodeExporterPort' is TCP 10250, but the host needs TCP 10250: kubelet: logs, exec, metrics; choose another port",
    ]);
  });

  test("its own, one of another protocol, and one that goes to services are no clash", () => {
    const udp = { from: "192.168.50.0/24", to: "every host", protocol: "udp", why: "traps" } as const;
    expect(faultsAt(9100, [{ ...udp, ports: { from: 9100, to: 9100 } }])).toEqual([]);
    expect(faultsAt(8472)).toEqual([]);
  });
});
