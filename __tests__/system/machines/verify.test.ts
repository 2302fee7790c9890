import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { agent, ALPHARD, EXAMPLE_KEYS, HAMAL, MIZAR, REFERENCE, REPOSITORY, server } from "../../fixture";
import { describeWith } from "../tools";
import { LiveCluster, THREE } from "./cluster";
import { MACHINES } from "./tools";

describeWith(MACHINES, "verify", () => {
  let cluster: LiveCluster;

  beforeAll(async () => (cluster = await LiveCluster.start(THREE)));
  afterAll(() => cluster?.stop());

  const faults = async (): Promise<string[]> => {
    const { status, output } = await cluster.rollout("verify");
    const found = [...output.matchAll(/^ {2}! (.*)$/gm)].map(([, fault = ""]) => fault);
    expect(status).toBe(found.length === 0 ? 0 : 1);
    return found;
  };

  test("prints a table that a person can read", async () => {
    const { stdout } = (await cluster.rollout("verify")).mustSucceed();
    expect(stdout).toBe(`node     role    address       K3s           ready  reaches  firewall    dropped
alphard  server  172.22.0.134  v1.34.2+k3s1  yes    2/2      as emitted  forged 0, input 0, forward 0
hamal    agent   172.22.0.135  v1.34.2+k3s1  yes    2/2      as emitted  forged 0, input 0, forward 0
mizar    agent   172.22.0.136  v1.34.2+k3s1  yes    2/2      as emitted  forged 0, input 0, forward 0

The cluster is what main.ts says.
`);
    expect(readFileSync(join(REPOSITORY, "README.md"), "utf8")).toContain(stdout);
  });

  test("as JSON, for a program", async () => {
    const { nodes } = JSON.parse((await cluster.rollout("verify", "--json")).mustSucceed().stdout) as {
      nodes: { name: string; faults: string[] }[];
    };
    expect(nodes.map(({ name, faults }) => [name, faults])).toEqual([
      ["alphard", []],
      ["hamal", []],
      ["mizar", []],
    ]);
  });

  test.each<[string, string, string, string, string[]]>([
    [
      "a rule that was added by hand",
      "hamal",
      "nft add rule inet k3s_host input tcp dport 9999 accept",
      "systemctl reload nftables",
      ["hamal: its firewall is not the emitted one: added: rule input"],
    ],
    [
      "a firewall that was taken away",
      "hamal",
      "nft delete table inet k3s_host",
      "systemctl reload nftables",
      ["hamal: its firewall is not the emitted one: table inet k3s_host is not loaded"],
    ],
    [
      "pods that cannot reach another host",
      "mizar",
      "ip link set flannel.1 down",
      "ip link set flannel.1 up; for n in 134 135; do ip route add 10.42.$n.0/24 via 10.42.$n.0 dev flannel.1 onlink; ip neighbour replace 10.42.$n.0 lladdr 0e:00:00:00:00:$(printf %x $n) dev flannel.1 nud permanent; done",
      [
        "alphard: pods of mizar cannot be reached",
        "hamal: pods of mizar cannot be reached",
        "mizar: pods of alphard",
        "mizar: pods of hamal",
      ],
    ],
    ["another hostname", "mizar", "hostname nixos", "hostname mizar", ["mizar: its hostname is nixos"]],
    [
      "another boot default",
      "mizar",
      "ln -sfn /nix/store/6.12.1-kernel /nix/var/nix/profiles/system",
      "ln -sfn system-1-link /nix/var/nix/profiles/system",
      ["mizar: what runs is not what would boot"],
    ],
  ])("finds %s", async (_, host, spoil, mend, expected) => {
    await cluster.site.on(host, spoil);
    const found = await faults();
    await cluster.site.on(host, mend);
    expect(found).toHaveLength(expected.length);
    expected.forEach((fault) => expect(found).toContainEqual(expect.stringContaining(fault)));
    expect(await faults()).toEqual([]);
  });

  test("finds a stranger, and a node that is cordoned", async () => {
    cluster.emit([ALPHARD, HAMAL]);
    await cluster.site.on("alphard", "kubectl cordon hamal");
    const found = await faults();
    await cluster.site.on("alphard", "kubectl uncordon hamal");
    cluster.emit(THREE);
    expect(found).toContain("mizar is a node of the cluster and not in main.ts");
    expect(found).toContain("hamal: it is cordoned");
  });

  test("counts what the firewall has dropped", async () => {
    await cluster.site.operator(
      ["sh", "-c", "timeout 1 bash -c 'cat </dev/tcp/172.22.0.135/9999' || true"],
      cluster.folder,
    );
    const { stdout } = (await cluster.rollout("verify", "hamal")).mustSucceed();
    expect(stdout).toMatch(/hamal .* forged 0, input [1-9]\d*, forward 0/);
  });

  test("finds what does not run", async () => {
    await cluster.site.on("mizar", "systemctl stop k3s");
    await cluster.site.until("its lease has run out", async () =>
      (await faults()).some((fault) => fault.includes("not Ready")),
    );
    expect(await faults()).toEqual(["mizar: its node is not Ready", "mizar: K3s is inactive"]);
    await cluster.site.on("mizar", "systemctl start k3s");
    await cluster.site.until("all is well again", async () => (await faults()).length === 0);
  });

  test("without an API nothing is said to be well", async () => {
    await cluster.site.powerOff("alphard");
    const found = await faults();
    expect(found).toContainEqual(expect.stringContaining("The Kubernetes API cannot be asked"));
    expect(found).toContainEqual(expect.stringContaining("alphard: no SSH connection to 172.22.0.134"));
    await cluster.site.powerOn("alphard");
    await cluster.site.until("all is well again", async () => (await faults()).length === 0);
  });

  test("capture stores the hardware configuration of the right host, and of no other", async () => {
    const path = join(cluster.folder, "nix", "k3s-agent", "hardware-configuration.nix");
    const before = readFileSync(path);
    (await cluster.rollout("capture", "hamal")).mustSucceed();
    expect(readFileSync(path, "utf8")).toMatch(
      /^# Captured from hamal; HostFiles leaves this file alone\.\n# Do not modify this file!/,
    );
    (await cluster.rollout("apply", "hamal", "--yes")).mustSucceed();
    await cluster.site.on("hamal", "ip link set ens18 address bc:24:11:b3:ed:99");
    const other = await cluster.rollout("capture", "hamal");
    await cluster.site.on("hamal", "ip link set ens18 address bc:24:11:b3:ed:02");
    expect([other.status, other.output]).toEqual([
      1,
      expect.stringContaining(
        "has MAC address BC:24:11:B3:ED:99, and hamal has BC:24:11:B3:ED:02: nothing was stored",
      ),
    ]);
    writeFileSync(path, before);
  });

  test("kubeconfig has the cluster's own address and name, for its owner's eyes", async () => {
    const path = join(cluster.folder, "kubeconfig");
    (await cluster.rollout("kubeconfig", "--output", path, "--name", "home")).mustSucceed();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(parse(readFileSync(path, "utf8"))).toMatchObject({
      "current-context": "home",
      clusters: [{ name: "home", cluster: { server: "https://172.22.0.134:6443" } }],
      users: [{ name: "home" }],
    });
    const printed = (await cluster.rollout("kubeconfig", "--print")).mustSucceed();
    expect(parse(printed.stdout)).toMatchObject({ "current-context": "k3s" });
    expect(cluster.log("alphard")).not.toContain("cGxhbnRlZC1jbGllbnQta2V5");
    rmSync(path);
    expect(existsSync(path)).toBe(false);
  });
});

describeWith(MACHINES, "first contact", () => {
  let cluster: LiveCluster;
  afterEach(() => cluster?.stop());

  test("clones that share an identity are refused, and get their own when asked for", async () => {
    const machines = {
      acrux: { state: "template", identity: "that of the template" },
      alnair: { state: "template", identity: "that of the template" },
    } as const;
    const nodes = [ALPHARD, agent("k3s-agent-2", "acrux", 137), agent("k3s-agent-3", "alnair", 138)];
    cluster = await LiveCluster.start([ALPHARD], nodes, { machines });
    const refused = await cluster.rollout("apply", "--yes");
    expect(refused.status).toBe(1);
    expect(refused.output).toMatch(
      /acrux: refused[^]*machine-id is also that of alnair, and it has an SSH host key of alnair\. The template was not emptied/,
    );
    expect(cluster.site.events()).toEqual([]);
    (await cluster.rollout("apply", "--yes", "--regenerate-identity")).mustSucceed();
    const ids = await Promise.all(
      ["acrux", "alnair"].map((host) =>
        cluster.site.on(host, "cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub"),
      ),
    );
    expect(new Set(ids).size).toBe(2);
    expect(ids.join()).not.toContain("f".repeat(32));
    const pins = readFileSync(join(cluster.folder, "known_hosts"), "utf8");
    for (const host of ["acrux", "alnair"]) {
      const [, key = ""] = (await cluster.site.on(host, "cat /etc/ssh/ssh_host_ed25519_key.pub")).split(" ");
      expect(pins).toContain(`${host} ssh-ed25519 ${key.trim()}`);
    }
  });

  test("a whole cluster comes up from clones", async () => {
    cluster = await LiveCluster.start([], THREE);
    (await cluster.rollout("apply", "--yes")).mustSucceed();
    const boots = cluster.site
      .events()
      .filter((event) => event.endsWith(" boot-default") || / boot-default /.test(event));
    expect(boots[0]).toMatch(/^alphard/);
  });

  test("a clone that has not its own address yet is reached where it is, and confirmed where it will be", async () => {
    const network = { ...REFERENCE.network, gateway: "172.22.0.1", nameservers: ["172.22.0.1"] };
    cluster = await LiveCluster.start([ALPHARD], [ALPHARD, HAMAL], { settings: { network } });
    await cluster.site.on(
      "hamal",
      "ip address del 172.22.0.135/24 dev ens18; ip address add 172.22.0.201/24 dev ens18",
    );
    const refused = await cluster.rollout("apply", "--yes");
    expect([refused.status, refused.output]).toEqual([1, expect.stringContaining("hamal is unreachable")]);
    (await cluster.rollout("apply", "--yes", "--at", "hamal=172.22.0.201")).mustSucceed();
    (await cluster.rollout("verify")).mustSucceed();
    expect(await cluster.site.on("hamal", "ip -4 -o address show dev ens18")).toMatch(
      /^.* inet 172\.22\.0\.135\/24 [^\n]*\n$/,
    );
  });

  test("a second cluster is not founded while a server runs", async () => {
    const nodes = [
      server("k3s-server", "alphard", 134),
      server("k3s-server-1", "acrux", 137, { clusterInit: true }),
      server("k3s-server-2", "alnair", 138),
    ];
    cluster = await LiveCluster.start([server("k3s-server", "alphard", 134)], nodes, { later: {} });
    const { status, output } = await cluster.rollout("apply", "--yes");
    expect([status, output]).toEqual([1, expect.stringContaining("acrux: refused")]);
    expect(output).toContain(
      "it would found a second cluster: clusterInit is stated, it has no data, and alphard runs K3s",
    );
    expect(cluster.site.events()).toEqual([]);
  });

  test("a first take-over from a generation that flushes spares kube-proxy's rules", async () => {
    const ports = { from: 9100, to: 9100 };
    const metrics = {
      from: "192.168.50.0/24",
      to: "agents",
      protocol: "tcp",
      ports,
      why: "metrics",
    } as const;
    cluster = await LiveCluster.start([ALPHARD, HAMAL], undefined, {
      later: { firewall: { allow: [metrics] } },
    });
    // As a hand-written configuration with a ruleset of its own leaves it.
    await cluster.site.on(
      "hamal",
      `iptables-nft-restore <<'END'
*nat
:KUBE-SERVICES - [0:0]
-A PREROUTING -j KUBE-SERVICES
COMMIT
END
nft 'table inet filter { chain input { type filter hook input priority 0; policy accept; }; }'
printf '#! nft -f\\nflush ruleset\\n' >/var/lib/nftables/deletions.nft`,
    );
    expect((await cluster.rollout("plan", "hamal")).stdout).toContain(
      "its running system would flush all rules of the firewall once more",
    );
    const { output } = (await cluster.rollout("apply", "hamal", "--yes")).mustSucceed();
    expect(output).toContain("activate: the saved 'flush ruleset' was taken out first");
    expect(await cluster.site.on("hamal", "iptables-nft-save -t nat | grep -c KUBE-SERVICES")).toBe("2\n");
    expect(await cluster.site.on("hamal", "nft list tables")).not.toContain("inet filter");
    expect(await cluster.site.on("hamal", "cat /var/lib/nftables/deletions.nft")).not.toContain("flush");
  });

  test("a configuration whose root device is not there is refused before the build", async () => {
    cluster = await LiveCluster.start(
      [ALPHARD, HAMAL],
      [ALPHARD, { ...HAMAL, nixos: { rootFilesystem: { uuid: "00000000-0000-0000-0000-000000000000" } } }],
    );
    const { status, output } = await cluster.rollout("apply", "--yes");
    expect([status, output]).toEqual([
      1,
      expect.stringContaining(
        "does not exist there (/ is /dev/sda1, UUID dd933e34-9e75-4a1c-8597-61e6d3b7af63): it would not boot. Run npm run rollout -- capture hamal",
      ),
    ]);
    expect(cluster.site.events()).toEqual([]);
  });

  test("the example SSH key is not rolled out", async () => {
    cluster = await LiveCluster.start([ALPHARD, MIZAR]);
    const keys = join(cluster.folder, "authorized_keys");
    writeFileSync(keys, `${cluster.key.publicKey}\n${readFileSync(EXAMPLE_KEYS, "utf8")}`);
    cluster.emit([ALPHARD, MIZAR]);
    const { status, output } = await cluster.rollout("apply", "--yes");
    expect([status, output]).toEqual([
      1,
      expect.stringContaining("The example SSH key is still among those that will log in as root"),
    ]);
    expect(cluster.site.events()).toEqual([]);
  });
});
