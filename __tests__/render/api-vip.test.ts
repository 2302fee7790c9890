import type { Cluster } from "../../src/config/model";
import { renderHaproxy } from "../../src/render/haproxy";
import { renderHosts } from "../../src/render/host";
import { renderNames } from "../../src/render/names";
import { renderReadme } from "../../src/render/readme";
import { cluster } from "../system/clusters";

const model = (): Cluster => cluster({ servers: 3, agents: 1, apiVip: { address: "172.22.0.30" } });
const files = (): ReadonlyMap<string, string> => renderHosts(model(), new Set());
const textOf = (path: string): string => files().get(path) ?? "";

describe("an address of the API's own", () => {
  test("is emitted for servers alone", () => {
    const with_ = [...files().keys()].filter((path) => path.endsWith("/api-vip.nix"));
    expect(with_).toEqual(
      ["k3s-server-1", "k3s-server-2", "k3s-server-3"].map((name) => `${name}/api-vip.nix`),
    );
    expect(textOf("k3s-server-1/configuration.nix")).toContain("./api-vip.nix");
    expect(textOf("k3s-agent-1/configuration.nix")).not.toContain("api-vip");
  });

  test("is where agents and servers join, and a name of the servers' certificates", () => {
    for (const joining of ["k3s-server-2/k3s-server.nix", "k3s-agent-1/k3s-agent.nix"])
      expect(textOf(joining)).toContain('serverAddr = "https://172.22.0.30:6443";');
    for (const number of [1, 2, 3])
      expect(textOf(`k3s-server-${number}/k3s-server.nix`)).toContain('"--tls-san=172.22.0.30"');
  });

  test("opens VRRP between servers, before connections are tracked, and nothing on agents", () => {
    const server = textOf("k3s-server-1/nftables.nft");
    expect(server).toContain("ip saddr . ether saddr @servers4 meta l4proto 112 accept");
    expect(server).toContain("fib daddr type local meta l4proto 112 notrack");
    expect(textOf("k3s-agent-1/nftables.nft")).not.toMatch(/112|notrack/);
  });

  test("is in the documents", () => {
    expect(renderReadme(model(), ["nix"])).toContain(
      "holds 172.22.0.30, the address of the API. If it loses the address, the first of server-1, server-2 and server-3",
    );
    expect(renderNames(model())).toContain("The servers hold 172.22.0.30 in turn");
  });

  test("an only server has no peers, and its firewall is as it was", () => {
    const own = renderHosts(cluster({ agents: 0, apiVip: { address: "172.22.0.30" } }), new Set());
    const before = renderHosts(cluster({ agents: 0 }), new Set());
    expect(own.get("k3s-server-1/api-vip.nix")).not.toContain("unicast");
    expect(own.get("k3s-server-1/nftables.nft")).toBe(before.get("k3s-server-1/nftables.nft"));
  });
});

describe("a configuration for a balancer", () => {
  test("has the servers, and listens on the endpoint's port", () => {
    const text = renderHaproxy(cluster({ servers: 3, apiEndpoint: "https://k3s.example.org:7443" }));
    expect(text).toContain("bind :7443");
    expect(text?.match(/^ {4}server .*$/gm)).toEqual([
      "    server server-1 172.22.0.134:6443",
      "    server server-2 172.22.0.135:6443",
      "    server server-3 172.22.0.136:6443",
    ]);
    expect(renderHaproxy(cluster({ apiEndpoint: "https://k3s.example.org:443" }))).toContain("bind :443");
  });

  test("is not made where a node, or the servers in turn, have the endpoint's address", () => {
    expect(renderHaproxy(cluster({ servers: 3 }))).toBeUndefined();
    expect(renderHaproxy(cluster({ servers: 3, apiEndpoint: "https://server-2:6443" }))).toBeUndefined();
    expect(renderHaproxy(model())).toBeUndefined();
  });
});
