import type { ClusterSettings, LoadBalancerSettings } from "../../src/config/settings";
import type { Cluster } from "../../src/config/model";
import { renderHosts } from "../../src/render/host";
import { renderNames } from "../../src/render/names";
import { renderReadme } from "../../src/render/readme";
import { REFERENCE } from "../fixture";
import { cluster } from "../system/clusters";

const POOL = { from: "172.22.0.200", to: "172.22.0.219" };

const K3S = { ...REFERENCE.k3s, traefik: false, serviceLb: false };

const withPool = (more: Partial<LoadBalancerSettings> = {}, agents = 1): Cluster =>
  cluster({ agents, k3s: K3S, loadBalancer: { pool: POOL, ...more } });

const rulesets = (model: Cluster): string =>
  [...renderHosts(model, new Set())]
    .filter(([path]) => path.endsWith("nftables.nft"))
    .map(([, text]) => text)
    .join("\n");

describe("the firewall", () => {
  test("opens MetalLB's port between nodes, by TCP and UDP", () => {
    expect(rulesets(withPool()).match(/^ +7946, # MetalLB/gm)).toHaveLength(4); // two hosts, each by two protocols
    expect(rulesets(withPool())).toMatch(/set nodes_tcp [^}]* 7946, /);
    expect(rulesets(withPool())).toMatch(/set nodes_udp [^}]* 7946, /);
  });

  test.each<[string, () => Cluster]>([
    ["for kube-vip, whose copies elect one through the API", () => withPool({ implementation: "kube-vip" })],
    ["on a single node", () => withPool({}, 0)],
    ["without a load balancer", () => cluster({ k3s: K3S })],
  ])("does not %s", (_, model) => {
    expect(rulesets(model())).not.toContain("7946");
  });
});

describe("the documents say what gives services their addresses", () => {
  const readme = (settings: Partial<ClusterSettings>): string =>
    renderReadme(cluster(settings), ["nix"]).replace(/\s+/g, " ");

  test.each<[string, Partial<ClusterSettings>, string]>([
    ["ServiceLB", {}, "get the addresses of the nodes, by K3s' ServiceLB."],
    [
      "MetalLB",
      { k3s: K3S, loadBalancer: { pool: POOL } },
      "get an address from 172.22.0.200 to 172.22.0.219, by MetalLB, which you install.",
    ],
    [
      "kube-vip",
      { k3s: K3S, loadBalancer: { pool: POOL, implementation: "kube-vip" } },
      "get an address from 172.22.0.200 to 172.22.0.219, by kube-vip, which you install.",
    ],
    [
      "nothing",
      { k3s: K3S },
      "Nothing that `main.ts` knows gives services of the type LoadBalancer an address.",
    ],
  ])("%s", (_, settings, sentence) => {
    expect(readme(settings)).toContain(sentence);
  });

  test("and which addresses no DHCP server may give away", () => {
    expect(renderNames(withPool())).toContain(
      "Services get 172.22.0.200 to 172.22.0.219: no DHCP server may give these away.",
    );
    expect(renderNames(cluster({ k3s: K3S }))).not.toContain("give these away");
    expect(readme({ k3s: K3S, loadBalancer: { pool: POOL } })).toContain(
      "Keep 172.22.0.200 to 172.22.0.219, which are for services, out of what the DHCP server gives away.",
    );
  });
});
