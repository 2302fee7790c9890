import fs from "node:fs";
import { basename, join } from "node:path";
import type { Cluster, Node } from "../../src/config/model";
import { REPOSITORY } from "../fixture";
import { cluster, CLUSTERS, committedHosts, emitted, inFolderWith } from "./clusters";
import { Listing, nftRuns } from "./namespace";
import { describeWith, NETWORK_NAMESPACES, NFT } from "./tools";

const OURS = ["inet", "k3s_host"] as const;
const LIST = ["-j", "list", "ruleset"];

/**
 * Tables as iptables-nft fills them for kube-proxy, flannel and the CNI's hostPorts, and two with names similar to
 * ours. They are loaded before ours and must not be touched.
 */
const FOREIGN = `
table ip nat {
  chain KUBE-SERVICES {
    ip daddr 10.43.0.1 tcp dport 443 counter jump KUBE-SVC-NPX46M4PTMTKRN6Y
    fib daddr type local counter jump KUBE-NODEPORTS
  }
  chain KUBE-NODEPORTS {
    tcp dport 30080 counter jump KUBE-SVC-NPX46M4PTMTKRN6Y
  }
  chain KUBE-SVC-NPX46M4PTMTKRN6Y {
    meta l4proto tcp counter dnat to 172.22.0.134:6443
  }
  chain CNI-HOSTPORT-DNAT {
    tcp dport { 80, 443 } counter dnat to 10.42.0.7
  }
  chain FLANNEL-POSTRTG {
    ip saddr 10.42.0.0/16 ip daddr != 224.0.0.0/4 counter masquerade fully-random
  }
  chain PREROUTING {
    type nat hook prerouting priority dstnat; policy accept;
    counter jump KUBE-SERVICES
    counter jump CNI-HOSTPORT-DNAT
  }
  chain POSTROUTING {
    type nat hook postrouting priority srcnat; policy accept;
    counter jump FLANNEL-POSTRTG
  }
}
table ip filter {
  chain KUBE-FORWARD {
    meta mark & 0x00004000 == 0x00004000 counter accept
  }
  chain FORWARD {
    type filter hook forward priority filter; policy accept;
    counter jump KUBE-FORWARD
  }
}
table ip mangle {
  chain KUBE-PROXY-CANARY {
  }
}
table ip k3s_host {
  chain namesake {
    counter accept
  }
}
table inet k3s_host_own {
  set addresses {
    type ipv4_addr
    elements = { 172.22.0.5 }
  }
}
`;

/** The text that NixOS runs to remove our table: when the unit stops, and before every start and reload. */
function deletions(configuration: string): string {
  const [, text] = /extraDeletions = ''\n([^]*?)\n\s*'';/.exec(configuration) ?? [];
  if (text === undefined) throw new Error("no extraDeletions in configuration.nix");
  return `${text}\n`;
}

/**
 * What `nftables.service` loads, as nixos/modules/services/networking/nftables.nix writes it with a rulesetFile and
 * without flushRuleset: the deletions that the last generation left, its own, and the file, in one transaction.
 */
const NIXOS_TRANSACTION = ["deletions.nft", "deletions.nft", "ruleset.nft"]
  .map((file) => `include "${file}"\n`)
  .join("");

/** The life of one host's ruleset in one namespace, next to the tables of others. */
interface Life {
  /** The whole output of nft; empty when everything succeeded. */
  readonly said: string;
  readonly check: string;
  readonly before: Listing;
  readonly loaded: Listing;
  readonly loadedAgain: Listing;
  readonly reloadedByNixos: Listing;
  readonly removed: Listing;
}

function life(ruleset: string, configuration: string): Promise<Life> {
  const files = new Map([
    ["foreign.nft", FOREIGN],
    ["ruleset.nft", ruleset],
    ["deletions.nft", deletions(configuration)],
    ["nixos.nft", NIXOS_TRANSACTION],
  ]);
  return inFolderWith(files, async (folder) => {
    const steps = ["foreign", "ruleset", "ruleset", "nixos", "deletions"];
    const [check, ...outcomes] = await nftRuns([
      ["-c", "-f", join(folder, "ruleset.nft")],
      ...steps.flatMap((step) => [["-I", folder, "-f", join(folder, `${step}.nft`)], LIST]),
    ]);
    const listings = outcomes.filter((_, index) => index % 2 === 1).map(({ stdout }) => new Listing(stdout));
    const [before, loaded, loadedAgain, reloadedByNixos, removed] = listings as [
      Listing,
      Listing,
      Listing,
      Listing,
      Listing,
    ];
    const said = outcomes.map(({ ok, stderr }) => stderr || (ok ? "" : "failed in silence")).join("");
    const checked = check?.ok === true ? check.stderr : `refused: ${check?.stderr}`;
    return { said, check: checked, before, loaded, loadedAgain, reloadedByNixos, removed };
  });
}

/** The state of the kernel after these rulesets were loaded one after another. */
function kernelAfter(...rulesets: readonly string[]): Promise<Listing> {
  const files = new Map(rulesets.map((text, index) => [`${index}.nft`, text]));
  return inFolderWith(files, async (folder) => {
    const loads = [...files.keys()].map((file) => ["-f", join(folder, file)]);
    const outcomes = await nftRuns([...loads, LIST]);
    expect(outcomes.map(({ stderr }) => stderr).join("")).toBe("");
    return new Listing(outcomes.at(-1)?.stdout ?? "");
  });
}

const ruleset = (model: Cluster, node: Node): string =>
  emitted(model).get(`${node.directory}/nftables.nft`) as string;

/** The first server's set of that name. */
async function serversSet(model: Cluster, set: string): Promise<string[] | undefined> {
  const [server] = oneOfEach(model);
  return (await kernelAfter(ruleset(model, server as Node))).elements(...OURS, set);
}

const addresses = (nodes: readonly Node[]): string[] =>
  nodes.map((node) => `${node.ipv4Address} . ${node.macAddress.toLowerCase()}`).sort();

/** A node of each role, the server first: all of a role have the same rules. */
const oneOfEach = (model: Cluster): Node[] =>
  (["server", "agent"] as const).flatMap((role) => model.nodes.find((node) => node.role === role) ?? []);

/** The value for every host by its name, so that a failure names the host. */
type ByHost = <T>(value: (life: Life, name: string) => T) => Record<string, T>;

/** Claims about the rulesets of some hosts. */
function claims(hosts: Readonly<Record<string, { ruleset: string; configuration: string }>>): ByHost {
  const lives = new Map<string, Life>();
  const byHost: ByHost = (value) =>
    Object.fromEntries([...lives].map(([name, it]) => [name, value(it, name)]));

  beforeAll(async () => {
    const all = Object.entries(hosts).map(async ([name, { ruleset, configuration }]) => {
      lives.set(name, await life(ruleset, configuration));
    });
    await Promise.all(all);
  });

  test("passes the check of the kernel", () => {
    expect(byHost(({ check }) => check)).toEqual(byHost(() => ""));
  });

  test("loads, and loads again, without a message", () => {
    expect(byHost(({ said }) => said)).toEqual(byHost(() => ""));
    expect(Object.values(byHost(({ loaded }) => loaded.rules(...OURS))).every((rules) => rules > 20)).toBe(
      true,
    );
  });

  test("is replaced as a whole: a second load leaves what the first one did", () => {
    expect(byHost(({ loadedAgain }) => loadedAgain.table(...OURS))).toEqual(
      byHost(({ loaded }) => loaded.table(...OURS)),
    );
  });

  test("is the same when NixOS' unit loads it, after the former generation's deletions and its own", () => {
    expect(byHost(({ reloadedByNixos }) => reloadedByNixos.table(...OURS))).toEqual(
      byHost(({ loaded }) => loaded.table(...OURS)),
    );
  });

  test("leaves the tables of kube-proxy, flannel and everybody else alone", () => {
    expect(byHost(({ before }) => before.besides(...OURS).length > 20)).toEqual(byHost(() => true));
    for (const step of ["loaded", "loadedAgain", "reloadedByNixos", "removed"] as const) {
      expect(byHost((it) => it[step].besides(...OURS))).toEqual(
        byHost(({ before }) => before.besides(...OURS)),
      );
    }
  });

  test("is removed by extraDeletions", () => {
    expect(byHost(({ removed }) => removed.table(...OURS))).toEqual(byHost(() => []));
  });

  return byHost;
}

describeWith([NFT, NETWORK_NAMESPACES], "the ruleset in a kernel", () => {
  describe.each(Object.entries(CLUSTERS))("of every host of %s", (_, resolve) => {
    const model = resolve();
    const files = emitted(model);
    const text = (node: Node, name: string): string => files.get(`${node.directory}/${name}`) as string;
    const hosts = model.nodes.map((node) => [
      node.hostname,
      { ruleset: text(node, "nftables.nft"), configuration: text(node, "configuration.nix") },
    ]);
    const byHost = claims(Object.fromEntries(hosts));
    const others = (name: string): Node[] => model.nodes.filter(({ hostname }) => hostname !== name);

    test("names all the other nodes and never its own host", () => {
      expect(byHost(({ loaded }) => loaded.elements(...OURS, "nodes4"))).toEqual(
        byHost((_life, name) => addresses(others(name))),
      );
    });

    test("names the other servers only on servers", () => {
      const servers = model.nodes.filter(({ role }) => role === "server").map(({ hostname }) => hostname);
      expect(byHost(({ loaded }) => loaded.elements(...OURS, "servers4"))).toEqual(
        byHost((_life, name) => {
          const named = others(name).filter(({ hostname }) => servers.includes(hostname));
          return servers.includes(name) && named.length > 0 ? addresses(named) : undefined;
        }),
      );
    });
  });

  describe("of every host, as committed", () => {
    const read = (folder: string, name: string): string => fs.readFileSync(join(folder, name), "utf8");
    const hosts = committedHosts().map((folder) => [
      basename(folder),
      { ruleset: read(folder, "nftables.nft"), configuration: read(folder, "configuration.nix") },
    ]);
    claims(Object.fromEntries(hosts));
  });

  describe("of a host whose files were spoilt fails these claims", () => {
    const model = cluster({});
    const files = emitted(model);
    const good = files.get("k3s-server-1/nftables.nft") as string;
    const configuration = files.get("k3s-server-1/configuration.nix") as string;
    const without = (part: string): string => {
      expect(good).toContain(part);
      return good.replace(part, "");
    };

    test("that flushes the ruleset", async () => {
      const { before, loaded } = await life(`flush ruleset\n${good}`, configuration);
      expect(loaded.besides(...OURS)).not.toEqual(before.besides(...OURS));
    });

    test("that adds to the table instead of replacing it", async () => {
      const { loaded, loadedAgain } = await life(without("delete table inet k3s_host\n"), configuration);
      expect(loadedAgain.rules(...OURS)).toBeGreaterThan(loaded.rules(...OURS));
    });

    test("that names an unknown set", async () => {
      const { check, said } = await life(without("set pods_tcp {"), configuration);
      expect(check).toMatch(/^refused/);
      expect(said).not.toBe("");
    });

    test("whose extraDeletions name another table", async () => {
      const { before, removed } = await life(good, configuration.replaceAll("k3s_host", "k3s_host_own"));
      expect(removed.table(...OURS)).not.toEqual([]);
      expect(removed.besides(...OURS)).not.toEqual(before.besides(...OURS));
    });
  });

  describe("admits", () => {
    test("LAN networks that overlap, touch or repeat as one", async () => {
      const lan = (lanCidrs: string[]) => serversSet(cluster({ network: { lanCidrs } }), "lan4");
      expect(await lan(["172.22.0.0/24", "172.22.0.0/16", "172.22.7.0/24"])).toEqual(["172.22.0.0/16"]);
      const node = "172.22.0.0/24";
      expect(await lan([node, "192.168.0.0/24", "192.168.1.0/24"])).toEqual([node, "192.168.0.0/23"]);
      expect(await lan([node, "10.10.0.7/32", "10.10.0.7/32"])).toEqual(["10.10.0.7", node]);
      expect(await lan(["172.22.0.0/24", "192.168.1.0/24"])).toEqual(["172.22.0.0/24", "192.168.1.0/24"]);
    });

    test("node ports, and with ServiceLB 80 and 443, also where these ranges overlap", async () => {
      const published = (k3s: Parameters<typeof cluster>[0]["k3s"]) =>
        serversSet(cluster({ k3s }), "published_tcp");
      expect(await published({ serviceLb: true })).toEqual(["30000-32767", "443", "80"]);
      expect(await published({ serviceLb: false })).toEqual(["30000-32767"]);
      expect(await published({ serviceLb: true, nodePorts: { from: 79, to: 1024 } })).toEqual(["79-1024"]);
    });

    test("nodes to port 10255 only when the flag asks for it", async () => {
      const ports = (kubeletReadOnlyPort: boolean) =>
        serversSet(cluster({ k3s: { kubeletReadOnlyPort } }), "nodes_tcp");
      expect(await ports(false)).toEqual(["10250", "6443"]);
      expect(await ports(true)).toEqual(["10250", "10255", "6443"]);
    });
  });

  describe("and a cluster that grows", () => {
    const network = { nodeCidr: "172.22.0.0/16" };

    test.each([
      ["1 server", 1, [3, 50, 250]],
      ["3 servers", 3, [5, 50, 250]],
    ])("has as many rules as before: %s", async (_, servers, sizes) => {
      const counts = sizes.map((size) => {
        const model = cluster({ servers, agents: size - servers, network });
        const counted = oneOfEach(model).map(async (node) => {
          const listing = await kernelAfter(ruleset(model, node));
          expect(listing.elements(...OURS, "nodes4")).toHaveLength(size - 1);
          return listing.rules(...OURS);
        });
        return Promise.all(counted);
      });
      const [smallest, ...larger] = await Promise.all(counts);
      expect(smallest?.every((rules) => rules > 20)).toBe(true);
      expect(larger).toEqual([smallest, smallest]);
    });

    test("has one more element in one set of every other host", async () => {
      const [small, large] = [cluster({ agents: 2 }), cluster({ agents: 3 })] as const;
      for (const node of small.nodes) {
        const [before, after] = await Promise.all(
          [small, large].map(async (model) =>
            (await kernelAfter(ruleset(model, node))).table(...OURS).map((entry) => JSON.stringify(entry)),
          ),
        );
        expect(after).toHaveLength(before?.length ?? 0);
        expect(after?.filter((entry) => !before?.includes(entry))).toEqual([
          expect.stringMatching(/"name":"nodes4".*"172\.22\.0\.137","bc:24:11:b3:ed:04"/),
        ]);
      }
    });

    test("leaves nothing of its former version in the kernel", async () => {
      const former = cluster({ servers: 3, agents: 4, k3s: { kubeletReadOnlyPort: true } });
      const latter = cluster({ network: { gateway: "172.22.0.1", nameservers: ["172.22.0.1"] } });
      const [old, present] = [former, latter].map((model) => ruleset(model, model.nodes[0] as Node)) as [
        string,
        string,
      ];
      const [alone, after, before] = await Promise.all([
        kernelAfter(present),
        kernelAfter(old, present),
        kernelAfter(old),
      ]);
      expect(after.table(...OURS)).toEqual(alone.table(...OURS));
      expect(before.table(...OURS)).not.toEqual(alone.table(...OURS));
    });

    test("keeps its former rules in force when the kernel refuses the new ones", async () => {
      const model = cluster({});
      const good = ruleset(model, model.nodes[0] as Node);
      const files = new Map([
        ["good.nft", good],
        ["bad.nft", `${good}add rule inet k3s_host nosuchchain accept\n`],
      ]);
      await inFolderWith(files, async (folder) => {
        const load = (file: string): string[] => ["-f", join(folder, file)];
        const [, first, refused, second] = await nftRuns([load("good.nft"), LIST, load("bad.nft"), LIST]);
        expect(refused?.ok).toBe(false);
        expect(second).toEqual(first);
        expect(new Listing(second?.stdout ?? "").rules(...OURS)).toBeGreaterThan(20);
      });
    });
  });

  describe("takes a hostname for nothing but a comment, also one that validation refuses:", () => {
    const tame = cluster({});
    const hostile = [
      "evil\n}\nflush ruleset\n#",
      "evil\r\nflush ruleset",
      "evil\rflush ruleset",
      "evil\u2028flush ruleset\u2029flush ruleset\u0085flush ruleset",
      "evil\u0000\u0001\u007f\u000b\u000cflush ruleset",
      "evil\\",
      "evil\\\nflush ruleset",
      'evil"; } } flush ruleset; #',
      "evil $(reboot) `reboot` ${reboot}",
      'include "/etc/passwd"',
      "define evil = 1",
      "\u202egnp.live \u{1f984} \ud800",
      "e".repeat(5_000),
    ];
    const visible = (name: string): string =>
      JSON.stringify(name)
        .slice(0, 60)
        .replace(/[^ -~]/g, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`);

    const tables = (model: Cluster) =>
      Promise.all(model.nodes.map(async (node) => (await kernelAfter(ruleset(model, node))).table(...OURS)));
    let expected: unknown[][];
    beforeAll(async () => {
      expected = await tables(tame);
    });

    test.each(hostile.map((name) => [visible(name), name]))("%s", async (_, hostname) => {
      const [server, agent, other] = tame.nodes as [Node, Node, Node];
      expect(await tables({ ...tame, nodes: [server, { ...agent, hostname }, other] })).toEqual(expected);
    });
  });
});

describe("emitted text", () => {
  const FLUSH = /flush\s+ruleset/i;

  test.each(Object.entries(CLUSTERS))("never flushes the whole ruleset: %s", (_, resolve) => {
    expect([...emitted(resolve())].filter(([, text]) => FLUSH.test(text))).toEqual([]);
  });

  test("never flushes the whole ruleset: as committed", () => {
    const files = fs
      .readdirSync(join(REPOSITORY, "nix"), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(4);
    expect(files.filter((file) => FLUSH.test(fs.readFileSync(file, "utf8")))).toEqual([]);
  });
});
