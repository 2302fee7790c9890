import { join } from "node:path";
import { parse } from "yaml";
import { agent, emit, FIVE_NODES, REFERENCE, temporaryFolder, textsBelow } from "../fixture";

/** Servers and agents, static addresses, UEFI and BIOS, and every setting that appears in a host's files. */
const NODES = [
  ...FIVE_NODES,
  agent("k3s-agent-2", "atria", 139, {
    ipv4Address: "172.22.0.9",
    nodeLabels: { "example.org/disk": "ssd", zone: "a" },
    nodeTaints: ["dedicated=db:NoSchedule"],
    k3sFlags: ["--kubelet-arg=max-pods=50%$"],
    nixos: {
      firmware: "uefi",
      efiSystemPartition: "1A2B-3C4D",
      networkInterface: "enp6s18",
      kernelPackages: "linuxPackages_6_12",
    },
  }),
];

const SETTINGS: typeof REFERENCE = {
  ...REFERENCE,
  apiEndpoint: "https://k3s.example.org:6443",
  network: {
    ...REFERENCE.network,
    lanCidrs: ["172.22.0.0/24", "192.168.0.0/16"],
    gateway: "172.22.0.1",
    nameservers: ["9.9.9.9", "149.112.112.112"],
  },
  nixos: { ...REFERENCE.nixos, rootFilesystem: { ...REFERENCE.nixos.rootFilesystem, type: "xfs" } },
  k3s: {
    ...REFERENCE.k3s,
    traefik: false,
    serviceLb: false,
    package: "k3s_1_34",
    nodePorts: { from: 31000, to: 31999 },
    kubeletReadOnlyPort: true,
    serverFlags: ["--disable=metrics-server"],
    agentFlags: ["--debug"],
  },
};

const emitted = (nodes: typeof NODES, settings = REFERENCE): Record<string, string> => {
  const folder = temporaryFolder();
  emit(folder, nodes, settings);
  return textsBelow(join(folder, "nix"));
};

describe("golden host directories", () => {
  const texts = () => emitted(NODES, SETTINGS);

  test.each(["k3s-server", "k3s-server-1", "k3s-agent-2"])("%s", (directory) => {
    const files = Object.entries(texts()).filter(([path]) => path.startsWith(`${directory}/`));
    expect(files).toHaveLength(4);
    for (const [path, text] of files) expect(text).toMatchSnapshot(path);
  });
});

describe("joining", () => {
  const k3sOf = (texts: Record<string, string>, path: string): string => texts[path] as string;

  test("one server initializes the cluster, and the others join it through a server other than themselves", () => {
    const texts = emitted([...FIVE_NODES], { ...REFERENCE, apiEndpoint: "https://172.22.0.137:6443" });
    expect(k3sOf(texts, "k3s-server/k3s-server.nix")).toContain("clusterInit = true;");
    expect(k3sOf(texts, "k3s-server/k3s-server.nix")).not.toContain("serverAddr");
    // acrux is the endpoint, and cannot join through itself.
    expect(k3sOf(texts, "k3s-server-1/k3s-server.nix")).toContain(
      'serverAddr = "https://172.22.0.134:6443";',
    );
    expect(k3sOf(texts, "k3s-server-2/k3s-server.nix")).toContain(
      'serverAddr = "https://172.22.0.137:6443";',
    );
    expect(k3sOf(texts, "k3s-agent/k3s-agent.nix")).toContain('serverAddr = "https://172.22.0.137:6443";');
  });

  test("a server's certificate covers the endpoint's address when it is not the server's own", () => {
    const texts = emitted([...FIVE_NODES]);
    expect(k3sOf(texts, "k3s-server/k3s-server.nix")).not.toContain("tls-san");
    expect(k3sOf(texts, "k3s-server-1/k3s-server.nix")).toContain('"--tls-san=172.22.0.134"');
  });

  test("the order of labels and taints has no effect", () => {
    const [a, b] = [
      { nodeLabels: { a: "1", b: "2" }, nodeTaints: ["a:NoSchedule", "b:NoSchedule"] },
      { nodeLabels: { b: "2", a: "1" }, nodeTaints: ["b:NoSchedule", "a:NoSchedule"] },
    ].map((more) => emitted([...FIVE_NODES, agent("x", "atria", 139, more)])["x/k3s-agent.nix"]);
    expect(a).toBe(b);
  });

  test("a server's certificate covers the endpoint's name", () => {
    const texts = emitted([...FIVE_NODES], { ...REFERENCE, apiEndpoint: "https://k3s.example.org:6443" });
    expect(k3sOf(texts, "k3s-server/k3s-server.nix")).toContain('"--tls-san=k3s.example.org"');
    expect(k3sOf(texts, "k3s-agent/k3s-agent.nix")).not.toContain("tls-san");
  });
});

describe("a ruleset", () => {
  const setOf = (text: string, set: string): string | undefined =>
    new RegExp(`set ${set} \\{[^}]*`).exec(text)?.[0];
  const rulesets = (settings = REFERENCE): [server: string, agent: string] => {
    const texts = emitted([...FIVE_NODES], settings);
    return [texts["k3s-server/nftables.nft"] as string, texts["k3s-agent/nftables.nft"] as string];
  };

  test("admits the other nodes and not the host itself", () => {
    const [, agent] = rulesets();
    expect(setOf(agent, "nodes4")).toMatch(
      /172\.22\.0\.134 \. BC:24:11:B3:ED:01, # alphard[^]*172\.22\.0\.136[^]*172\.22\.0\.137[^]*172\.22\.0\.138/,
    );
    expect(setOf(agent, "nodes4")).not.toContain("172.22.0.135");
  });

  test("opens the API on servers and etcd between them", () => {
    const [server, agent] = rulesets();
    expect(setOf(server, "servers4")).toMatch(
      /172\.22\.0\.137 \. BC:24:11:B3:ED:04, # acrux\s+172\.22\.0\.138 \. BC:24:11:B3:ED:05, # alnair/,
    );
    expect(setOf(server, "servers_tcp")).toContain("2379-2380");
    for (const set of ["lan_tcp", "nodes_tcp", "pods_tcp"]) {
      expect(setOf(server, set)).toContain("6443");
      expect(setOf(agent, set)).not.toContain("6443");
    }
    expect(agent).not.toMatch(/servers4|2379/);
  });

  test.each([
    ["vxlan", "flannel.1"],
    ["wireguard-native", "flannel-wg"],
    ["host-gw", "ens18"],
  ] as const)("of %s admits packets of other hosts' pods by %s alone", (flannelBackend, device) => {
    const devices = rulesets({ ...REFERENCE, k3s: { ...REFERENCE.k3s, flannelBackend } }).map((text) =>
      [...text.matchAll(/iifname "([^"]+)" oifname "cni0"/g)].map(([, name]) => name),
    );
    for (const each of devices) expect([...new Set(each)]).toEqual([device]);
  });

  test("opens 80 and 443 with ServiceLB and closes them without", () => {
    expect(setOf(rulesets()[1], "published_tcp")).toMatch(/80, [^]*443, /);
    const without = rulesets({ ...REFERENCE, k3s: { ...REFERENCE.k3s, serviceLb: false } });
    expect(setOf(without[1], "published_tcp")).not.toMatch(/ 80,| 443,/);
  });

  test("has the registries, and restarts K3s when they change", () => {
    const registries = [
      { registry: "docker.io", mirrors: ["https://one.example.org", "http://192.0.2.5:5000"] },
      { registry: "*" },
    ];
    const texts = emitted([...FIVE_NODES], {
      ...REFERENCE,
      k3s: { ...REFERENCE.k3s, embeddedRegistry: true, registries },
    });
    for (const [directory, role] of [
      ["k3s-server", "server"],
      ["k3s-agent", "agent"],
    ]) {
      expect(parse(texts[`${directory}/registries.yaml`] as string)).toEqual({
        mirrors: {
          "docker.io": { endpoint: ["https://one.example.org", "http://192.0.2.5:5000"] },
          "*": null,
        },
      });
      const k3s = texts[`${directory}/k3s-${role}.nix`];
      expect(k3s).toContain('environment.etc."rancher/k3s/registries.yaml".source = ./registries.yaml;');
      expect(k3s).toContain("restartTriggers = [ ./registries.yaml ];");
    }
    expect(Object.keys(emitted([...FIVE_NODES])).join()).not.toContain("registries");
  });

  test("matches K3s' flags for a backend other than VXLAN, and for the registry", () => {
    const texts = (k3s: Partial<typeof REFERENCE.k3s>): Record<string, string> =>
      emitted([...FIVE_NODES], { ...REFERENCE, k3s: { ...REFERENCE.k3s, ...k3s } });
    const plain = texts({});
    expect(Object.values(plain).join()).not.toMatch(/--flannel-backend|--embedded-registry/);
    const other = texts({ flannelBackend: "host-gw", embeddedRegistry: true });
    for (const directory of ["k3s-server", "k3s-server-1"]) {
      expect(other[`${directory}/k3s-server.nix`]).toContain('"--flannel-backend=host-gw"');
      expect(other[`${directory}/k3s-server.nix`]).toContain('"--embedded-registry"');
    }
    // Only servers know these flags.
    expect(other["k3s-agent/k3s-agent.nix"]).toBe(plain["k3s-agent/k3s-agent.nix"]);
  });

  test("opens the kubelet's read-only port only together with its flag", () => {
    const texts = (kubeletReadOnlyPort: boolean): string =>
      Object.values(
        emitted([...FIVE_NODES], { ...REFERENCE, k3s: { ...REFERENCE.k3s, kubeletReadOnlyPort } }),
      ).join();
    expect(texts(false)).not.toContain("10255");
    expect(texts(true)).toContain("10255, # kubelet, read-only");
    expect(texts(true)).toContain("--kubelet-arg=read-only-port=10255");
  });
});
