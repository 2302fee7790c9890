import { dirname } from "node:path";
import { openedPorts } from "../../src/firewall/labels";
import { flows } from "../../src/firewall/flows";
import type { Cluster } from "../../src/config/model";
import { renderNodeRegion, renderReadme } from "../../src/render/readme";
import { renderHosts } from "../../src/render/host";
import { NAMES, renderNames } from "../../src/render/names";
import { renderTemplates } from "../../src/render/template-vm";
import { cluster } from "../system/clusters";
import { judged } from "./libraries";
import { anchorsOf, fenced, linksOf } from "../markdown";

const STATIC = { gateway: "172.22.0.1", nameservers: ["9.9.9.9"] };

const CLUSTERS: Readonly<Record<string, () => Cluster>> = {
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
};

const onPveNode = (pveNode: string, of: Cluster): Cluster => ({
  ...of,
  nodes: of.nodes.map((node) => ({ ...node, vm: { ...node.vm, pveNode } })),
});

const large = (nodes: number): Cluster =>
  cluster({
    servers: 3,
    agents: nodes - 3,
    network: { nodeCidr: "172.22.0.0/16", operatorCidrs: ["172.22.0.0/16"] },
    agent: Array.from({ length: nodes - 3 }, (_, index) => ({ pveNode: `pve${index % 4}` })),
  });

const readme = (of: Cluster): string => renderReadme(of, ["nix"]);

const diagramsOf = (of: Cluster): string[] => fenced(readme(of), "mermaid");

test("the topology shows etcd's own flow, and not a flow of the owner with the same reason", () => {
  const ports = { from: 9999, to: 9999 };
  const allow = [{ from: "192.0.2.0/24", to: "servers", protocol: "tcp", ports, why: "etcd" } as const];
  const [diagram] = diagramsOf(cluster({ firewall: { allow } }));
  expect(diagram).not.toContain("servers, etcd on");
});

test("the matrix and the topology show the interface of a flow that is not for the node's own", () => {
  const text = readme((CLUSTERS["flows over a further interface"] as () => Cluster)());
  expect(text).toMatch(/\| `198\.18\.0\.0\/24` +\| TCP 9200 over s_0_: \\_replication\\_ /);
  expect(fenced(text, "mermaid")[0]).toContain('-->|"TCP 9200 over s_0_"| nodes');
});

test("mermaid itself parses the topology of every cluster", () => {
  const diagrams = Object.values(CLUSTERS).map((make) => diagramsOf(make()));
  expect(diagrams.map((all) => all.length)).toEqual(diagrams.map(() => 1));
  expect(judged("mermaid", diagrams.flat())).toEqual(diagrams.map(() => "flowchart-v2"));
});

test("mermaid refuses a broken diagram", () => {
  expect(judged("mermaid", ['flowchart TB\n  a["b" --> c'])[0]).toMatch(/^wrong: /);
});

test("every document and region is formatted as prettier formats it, so that no formatter edits them", () => {
  const clusters = Object.values(CLUSTERS).map((make) => make());
  const documents = clusters.flatMap((each) =>
    [readme(each), renderNodeRegion(each), renderNames(each)].map((text) => `${text.trim()}\n`),
  );
  expect(judged("prettier", documents)).toEqual(documents);
});

describe.each(Object.entries(CLUSTERS))("the document of %s", (_, make) => {
  const described = make();
  const text = readme(described);

  test("links only to headings and folders that exist", () => {
    const anchors = anchorsOf(text);
    const emitted = [
      ...renderHosts(described, new Set()).keys(),
      ...renderTemplates(described, "nix").keys(),
      NAMES,
    ];
    const folders = new Set(emitted.flatMap((path) => [path, dirname(path)]));
    const links = linksOf(text);
    expect(links.length).toBeGreaterThanOrEqual(5 + 2 * described.nodes.length);
    const broken = links.filter((link) =>
      link.startsWith("#") ? !anchors.includes(link.slice(1)) : !folders.has(link),
    );
    expect(broken).toEqual([]);
  });

  test("has every flow of the policy, with its ports and its reason", () => {
    const matrix = /## Firewall[^]*?\n## /.exec(text)?.[0] ?? "";
    const plainMatrix = matrix.replace(/\\(.)/g, "$1");
    const missing = flows(described).filter(
      (flow) => !plainMatrix.includes(`${openedPorts(flow)}: ${flow.why}`),
    );
    expect(missing).toEqual([]);
  });

  test("has a row and a section for each node", () => {
    for (const { hostname, role, vmId, ipv4Address } of described.nodes) {
      expect(text).toMatch(
        new RegExp(
          `\\| \\[${hostname}\\]\\(#${hostname}-${role}\\) +\\| ${role} +\\| ${vmId} +\\| ${ipv4Address} `,
        ),
      );
      expect(text).toContain(`\n### ${hostname}, ${role}\n`);
    }
  });
});

describe("the document of the reference cluster", () => {
  test("has the totals", () => {
    const sized = cluster({}).nodes.map((node) => ({
      ...node,
      vm: { ...node.vm, cores: 4, memoryMib: 16384 },
    }));
    expect(readme({ ...cluster({}), nodes: sized })).toContain(
      "3 nodes: 12 cores, 48 GiB memory, 96 GiB disk.",
    );
  });

  test("matches the snapshot", () => {
    expect(readme(cluster({}))).toMatchSnapshot();
  });

  test("lists DHCP reservations when addresses come from DHCP, and not when they are static", () => {
    expect(readme(cluster({}))).toContain("dhcp-host=BC:24:11:B3:ED:01,172.22.0.134,server-1\n");
    expect(readme(cluster({ network: STATIC }))).not.toMatch(/dhcp/i);
  });
});

describe("the document of a cluster whose LAN has IPv6", () => {
  const text = readme(cluster({ network: { lanCidrs: ["172.22.0.0/24", "fd00:22::/64"] } }));

  test("shows SSH and the API, and neither ping nor node ports, for its IPv6 networks, as the ruleset has it", () => {
    const rows = text.split("\n").filter((line) => line.includes("fd00:22::/64"));
    const cells = rows
      .filter((line) => line.startsWith("| "))
      .map((row) => row.split("|").map((cell) => cell.trim()));
    expect(cells).toEqual([
      [
        "",
        "LAN networks of IPv6<br>`fd00:22::/64`",
        "TCP 22: SSH<br>TCP 6443: Kubernetes API",
        "TCP 22: SSH",
        "",
        "",
      ],
    ]);
  });

  test("draws what these networks reach", () => {
    const diagram = fenced(text, "mermaid").join();
    const [, box] = /(from\d+)\(\["LAN networks of IPv6<br>fd00:22::\/64"\]\)/.exec(diagram) ?? [];
    const edges = diagram.split("\n").filter((line) => line.includes(`${box} -->`));
    expect(edges.map((line) => line.trim())).toEqual([
      `${box} -->|"TCP 22"| nodes`,
      `${box} -->|"TCP 6443"| servers`,
    ]);
  });
});

describe("a large cluster", () => {
  test("has a box for each role on each PVE node, and not for each node", () => {
    const [diagram = ""] = diagramsOf(large(250));
    expect(diagram.split("\n").length).toBeLessThan(30);
    expect(diagram).toContain('["62 agents<br>on pve0<br>VM 137 to 381"]');
  });

  test("has the same matrix as a small one", () => {
    const matrixOf = (of: Cluster): string =>
      /## Firewall[^]*?\n## /.exec(readme(of))?.[0].replaceAll("/16", "/24") ?? "";
    expect(matrixOf(large(250))).toBe(matrixOf(cluster({ servers: 3 })));
  });

  test("has a document that grows by the same length with each node", () => {
    const length = (nodes: number): number => readme(large(nodes)).length;
    const [few, some, many] = [length(50), length(150), length(250)];
    expect(many - some).toBeLessThan(1.05 * (some - few));
  });
});

describe("the region in a document of the owner", () => {
  test("has the nodes and their totals", () => {
    expect(renderNodeRegion(cluster({}))).toMatchSnapshot();
  });
});
