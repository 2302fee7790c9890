/** Which flow is which: previews, faults and rollouts find flows by their ids. */
import type { AllowedFlow } from "../../src/config/settings";
import { flows } from "../../src/firewall/flows";
import { openedPorts, sourceLabel, targetLabel } from "../../src/firewall/labels";
import { Firewall } from "../../src/render/firewall";
import { REFERENCE } from "../fixture";
import { cluster } from "../system/clusters";

const { network, k3s } = REFERENCE;

type Sketch = Parameters<typeof cluster>[0];

/** The flows as a document names them. */
const told = (sketch: Sketch): string[] =>
  flows(cluster(sketch)).map(
    (flow) => `${flow.id}: ${sourceLabel(flow.from)} to ${targetLabel(flow)}, ${openedPorts(flow)}`,
  );

test("of the reference cluster", () => {
  expect(told({})).toMatchInlineSnapshot(`
    [
      "ssh: LAN networks to every host, TCP 22",
      "kubernetes-api: LAN networks to servers, TCP 6443",
      "ping: LAN networks to every host, ICMP echo",
      "kubernetes-api: the other nodes to servers, TCP 6443",
      "kubelet: the other nodes to every host, TCP 10250",
      "backend: the other nodes to every host, UDP 8472",
      "backend-ping: the other nodes and their pods, by flannel's tunnel to every host, ICMP echo",
      "kubernetes-api: pods of the host itself to servers, TCP 6443",
      "kubelet: pods of the host itself to every host, TCP 10250",
      "pods-to-host-services: pods of the host itself to their own host, any port",
      "from-pods: pods of the host itself to pods, services, LAN and outside, any port",
      "to-pods: the other nodes and their pods to pods, any port",
      "node-ports: LAN networks to services, through every host, TCP 30000-32767",
      "node-ports: LAN networks to services, through every host, UDP 30000-32767",
      "service-lb: LAN networks to services, through every host, TCP 80",
      "service-lb: LAN networks to services, through every host, TCP 443",
    ]
  `);
});

test("of three servers with everything that needs a flow", () => {
  const rich: Sketch = {
    servers: 3,
    apiVip: { address: "172.22.0.30" },
    network: { ...network, managementCidrs: ["172.22.0.0/24", "fd00:3::/64"] },
    k3s: { ...k3s, serviceLb: false, embeddedRegistry: true, kubeletReadOnlyPort: true },
    loadBalancer: { pool: { from: "172.22.0.200", to: "172.22.0.209" } },
    nixos: { monitoring: { from: ["192.168.50.0/24"] } },
    firewall: {
      allow: [
        { from: "everyone", to: "agents", protocol: "tcp", ports: { from: 80, to: 80 }, why: "the website" },
      ],
    },
  };
  expect(told(rich)).toMatchInlineSnapshot(`
    [
      "ssh: management networks to every host, TCP 22",
      "kubernetes-api: management networks to servers, TCP 6443",
      "ssh: management networks of IPv6 to every host, TCP 22",
      "kubernetes-api: management networks of IPv6 to servers, TCP 6443",
      "ping: LAN networks to every host, ICMP echo",
      "ping: management networks to every host, ICMP echo",
      "kubernetes-api: the other nodes to every host, TCP 6443",
      "etcd: the other servers to servers, TCP 2379-2380",
      "vrrp: the other servers to servers, VRRP",
      "kubelet: the other nodes to every host, TCP 10250",
      "kubelet-read-only: the other nodes to every host, TCP 10255",
      "embedded-registry: the other nodes to every host, TCP 5001",
      "memberlist: the other nodes to every host, TCP 7946",
      "memberlist: the other nodes to every host, UDP 7946",
      "backend: the other nodes to every host, UDP 8472",
      "backend-ping: the other nodes and their pods, by flannel's tunnel to every host, ICMP echo",
      "kubernetes-api: pods of the host itself to servers, TCP 6443",
      "kubelet: pods of the host itself to every host, TCP 10250",
      "pods-to-host-services: pods of the host itself to their own host, any port",
      "from-pods: pods of the host itself to pods, services, LAN and outside, any port",
      "to-pods: the other nodes and their pods to pods, any port",
      "node-ports: LAN networks to services, through every host, TCP 30000-32767",
      "node-ports: LAN networks to services, through every host, UDP 30000-32767",
      "node-exporter: 192.168.50.0/24 to every host, TCP 9100",
      "allowed: everyone to agents, TCP 80",
    ]
  `);
});

test("one server and one node have nothing to say to others of their kind", () => {
  const loadBalancer = { pool: { from: "172.22.0.200", to: "172.22.0.209" } };
  const alone = { agents: 0, k3s: { ...k3s, serviceLb: false }, loadBalancer } as const;
  const ids = (sketch: Sketch): string[] => flows(cluster(sketch)).map(({ id }) => id);
  expect(ids({ ...alone, apiVip: { address: "172.22.0.30" } })).not.toContain("vrrp");
  expect(ids(alone)).not.toContain("memberlist");
  expect(ids({ ...alone, agents: 1 })).toContain("memberlist");
  expect(ids({ servers: 3 })).not.toContain("vrrp");
});

const ping = (from: AllowedFlow["from"]): AllowedFlow => ({
  from,
  to: "every host",
  protocol: "icmp",
  why: "ping",
});

test.each([
  ["everyone", "{ icmp, ipv6-icmp }"],
  ["10.8.0.0/24", "icmp"],
  ["fd00:8::/64", "ipv6-icmp"],
  ["nodes", "icmp"],
])("ICMP from %s is that of its IP", (from, protocol) => {
  const model = cluster({ firewall: { allow: [ping(from)] } });
  const [ruleset] = model.nodes.map((node) => new Firewall(model).render(node));
  expect(ruleset).toContain(`meta l4proto ${protocol} accept # ping\n`);
});
