import { dirname } from "node:path";
import { openedPorts } from "../../src/firewall/labels";
import { flows } from "../../src/firewall/flows";
import type { Cluster } from "../../src/config/model";
import { renderNodeRegion } from "../../src/render/readme";
import { renderHosts } from "../../src/render/host";
import { NAMES } from "../../src/render/names";
import { renderTemplates } from "../../src/render/template-vm";
import { cluster } from "../system/clusters";
import { anchorsOf, fenced, linksOf } from "../markdown";
import { CLUSTERS, diagramsOf, large, readme, STATIC } from "./readmes";

test("the topology shows etcd's own flow, and not a flow of the owner with the same reason", () => {
  const ports = { from: 9999, to: 9999 };
  const allow = [{ from: "192.0.2.0/24", to: "servers", protocol: "tcp", ports, why: "etcd" } as const];
  const [diagram] = diagramsOf(cluster({ firewall: { allow } }));
  expect(diagram).not.toContain("servers, etcd on");
});

test("the matrix and the topology show the interface of a flow that is not for the node's own", () => {
  const text = readme(CLUSTERS["flows over a further interface"]());
  expect(text).toMatch(/\| `198\.18\.0\.0\/24` +\| TCP 9200 over s_0_: \\_replication\\_ /);
  expect(fenced(text, "mermaid")[0]).toContain('-->|"TCP 9200 over s_0_"| nodes');
});

describe.each(Object.entries(CLUSTERS))("the document of %s", (_, make) => {
  test("links only to headings and folders that exist", () => {
    const described = make();
    const text = readme(described);
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
    const described = make();
    const matrix = /## Firewall[^]*?\n## /.exec(readme(described))?.[0] ?? "";
    const plainMatrix = matrix.replace(/\\(.)/g, "$1");
    const missing = flows(described).filter(
      (flow) => !plainMatrix.includes(`${openedPorts(flow)}: ${flow.why}`),
    );
    expect(missing).toEqual([]);
  });

  test("has a row and a section for each node", () => {
    const described = make();
    const text = readme(described);
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
  const document = (): string =>
    readme(cluster({ network: { lanCidrs: ["172.22.0.0/24", "fd00:22::/64"] } }));

  test("shows SSH and the API, and neither ping nor node ports, for its IPv6 networks, as the ruleset has it", () => {
    const rows = document()
      .split("\n")
      .filter((line) => line.includes("fd00:22::/64"));
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
    const diagram = fenced(document(), "mermaid").join();
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
