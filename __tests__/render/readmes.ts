/** README of the hosts' folder, for every kind of cluster. */
import type { Cluster } from "../../src/config/model";
import { renderReadme } from "../../src/render/readme";
import { fenced } from "../markdown";
import { cluster } from "../system/clusters";

export const STATIC = { gateway: "172.22.0.1", nameservers: ["9.9.9.9"] };

/** Every kind of cluster whose document differs. */
export const CLUSTERS = {
  "the reference cluster": () => cluster({}),
  "a single server": () => cluster({ agents: 0 }),
  "three servers and two agents": () => cluster({ servers: 3, network: STATIC }),
  "everything that an owner may add": () =>
    cluster({
      servers: 3,
      network: {
        lanCidrs: ["172.22.0.0/24", "192.168.77.0/24"],
        managementCidrs: ["172.22.0.0/24", "10.8.0.0/24", "fd00:8::/64"],
      },
      k3s: {
        embeddedRegistry: true,
        kubeletReadOnlyPort: true,
        exposedPorts: [{ protocol: "tcp", from: 25565, to: 25570 }],
      },
      firewall: {
        trustPods: true,
        allow: [
          {
            from: "192.168.50.0/24",
            to: "agents",
            protocol: "tcp",
            ports: { from: 9100, to: 9100 },
            why: 'a | "b" <c> #d; `e`',
          },
          { from: "everyone", to: "agent-1", protocol: "udp", ports: { from: 51, to: 52 }, why: "games" },
          { from: "pods", to: "servers", protocol: "tcp", ports: { from: 9200, to: 9200 }, why: "search" },
        ],
      },
    }),
  "a LAN of IPv6 beside the node network": () =>
    cluster({ network: { lanCidrs: ["172.22.0.0/24", "fd00:22::/64"] } }),
  "names that mean something to Mermaid and Markdown": () =>
    onPveNode(
      // A reference of OpenTofu may be an expression.
      'join("%%{init: `x`}%%", [var.a]); [x] (y) {z} | ``<b>`` <img src=x onerror=alert(1)>',
      cluster({
        server: [
          { hostname: "end", description: "a | b\n# c <script> `<img src=x onerror=alert(1)>` ![x](y)" },
        ],
        agent: [
          { hostname: "subgraph", tags: ["a"], nodeLabels: { "example.org/disk": "ssd" } },
          { hostname: "nodes" },
        ],
      }),
    ),
  "flows over a further interface": () =>
    cluster({
      vm: {
        networkInterfaces: [
          { bridge: "vmbr0" },
          { bridge: "vmbr1", name: "s_0_", address: { network: "198.18.0.0/24" } },
        ],
      },
      firewall: {
        allow: ["198.18.0.0/24", "nodes", "everyone"].map((from) => ({
          from,
          to: "every host",
          over: "s_0_",
          protocol: "tcp" as const,
          ports: { from: 9200, to: 9200 },
          why: "_replication_",
        })),
      },
    }),
  "host-gw": () => cluster({ k3s: { flannelBackend: "host-gw" } }),
  WireGuard: () => cluster({ k3s: { flannelBackend: "wireguard-native" } }),
  "250 nodes": () => large(250),
} satisfies Readonly<Record<string, () => Cluster>>;

const onPveNode = (pveNode: string, of: Cluster): Cluster => ({
  ...of,
  nodes: of.nodes.map((node) => ({ ...node, vm: { ...node.vm, pveNode } })),
});

export const large = (nodes: number): Cluster =>
  cluster({
    servers: 3,
    agents: nodes - 3,
    network: { nodeCidr: "172.22.0.0/16", operatorCidrs: ["172.22.0.0/16"] },
    agent: Array.from({ length: nodes - 3 }, (_, index) => ({ pveNode: `pve${index % 4}` })),
  });

export const readme = (of: Cluster): string => renderReadme(of, ["nix"]);

export const diagramsOf = (of: Cluster): string[] => fenced(readme(of), "mermaid");
