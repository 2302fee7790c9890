import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agent, ALPHARD, asSynthesized, EXAMPLE_KEYS, HAMAL, MIZAR, REFERENCE, server } from "../../fixture";
import { describeWith } from "../tools";
import { LiveCluster, THREE } from "./cluster";
import { MACHINES } from "./tools";

/** An OpenTofu whose state has what a guest agent reported. What the real one prints is in ../tofu/life-cycle.test.ts. */
function withState(folder: string, vm_id: number, mac: string, address: string): Record<string, string> {
  const attributes = {
    vm_id,
    mac_addresses: ["00:00:00:00:00:00", mac],
    ipv4_addresses: [["127.0.0.1"], [address]],
  };
  const type = "proxmox_virtual_environment_vm";
  const state = JSON.stringify({ version: 4, resources: [{ type, instances: [{ attributes }] }] });
  const tofu = join(folder, "tofu");
  writeFileSync(tofu, `#!/bin/sh\n[ "$*" = "state pull" ] && echo '${state}'\n`, { mode: 0o755 });
  asSynthesized(folder, ["k3s"]);
  return { TERRAFORM_BINARY_NAME: tofu };
}

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
    expect(refused.status).toBe(4);
    expect(refused.output).toMatch(
      /acrux: refused[^]*machine-id is also that of alnair, and it has an SSH host key of alnair\. The template was not cleaned/,
    );
    expect(cluster.testbed.events()).toEqual([]);
    // ssh-keygen exits with 255, like an SSH client that lost its connection.
    await cluster.testbed.on("acrux", "touch /etc/ssh/ssh_host_a_key");
    const failed = await cluster.rollout("apply", "--yes", "--regenerate-identity");
    expect(failed.output).toContain("acrux: identity: exited with 255: unknown key type a");
    await cluster.testbed.on("acrux", "rm /etc/ssh/ssh_host_a_key");
    (await cluster.rollout("apply", "--yes", "--regenerate-identity")).mustSucceed();
    const ids = await Promise.all(
      ["acrux", "alnair"].map((host) =>
        cluster.testbed.on(host, "cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub"),
      ),
    );
    expect(new Set(ids).size).toBe(2);
    expect(ids.join()).not.toContain("f".repeat(32));
    const pins = readFileSync(join(cluster.folder, "known_hosts"), "utf8");
    for (const host of ["acrux", "alnair"]) {
      const [, key = ""] = (await cluster.testbed.on(host, "cat /etc/ssh/ssh_host_ed25519_key.pub")).split(
        " ",
      );
      expect(pins).toContain(`${host} ssh-ed25519 ${key.trim()}`);
    }
  });

  test("no token goes to a machine to whose key nobody has agreed, also with --yes", async () => {
    cluster = await LiveCluster.start([ALPHARD], [ALPHARD, HAMAL], { pinned: false });
    expect((await cluster.rollout("plan")).stdout).toContain("its SSH host key is not pinned yet: SHA256:");
    const refused = await cluster.rollout("apply", "--yes");
    expect([refused.status, refused.output]).toEqual([4, expect.stringContaining("--accept-new-host-keys")]);
    expect(await cluster.testbed.on("hamal", "ls /var/lib/k3s-secrets 2>&1 || true")).toContain(
      "No such file",
    );
    expect(cluster.testbed.events()).toEqual([]);
    (await cluster.rollout("apply", "--yes", "--accept-new-host-keys")).mustSucceed();
    expect(readFileSync(join(cluster.folder, "known_hosts"), "utf8")).toMatch(/^hamal ssh-ed25519 /m);
  });

  test("a whole cluster comes up from clones", async () => {
    cluster = await LiveCluster.start([], THREE);
    (await cluster.rollout("apply", "--yes")).mustSucceed();
    const boots = cluster.testbed
      .events()
      .filter((event) => event.endsWith(" boot-default") || / boot-default /.test(event));
    expect(boots[0]).toMatch(/^alphard/);
  });

  test("a clone without its own address is found at its present address, and confirmed at its own", async () => {
    const network = { ...REFERENCE.network, gateway: "172.22.0.1", nameservers: ["172.22.0.1"] };
    cluster = await LiveCluster.start([ALPHARD], [ALPHARD, HAMAL], { settings: { network } });
    await cluster.testbed.on(
      "hamal",
      "ip address del 172.22.0.135/24 dev ens18; ip address add 172.22.0.201/24 dev ens18",
    );
    const refused = await cluster.rollout("apply", "--yes");
    expect([refused.status, refused.output]).toEqual([3, expect.stringContaining("hamal is unreachable")]);
    (await cluster.rollout("plan", "--at", "hamal=172.22.0.201")).mustSucceed();
    const environment = withState(cluster.folder, 135, "BC:24:11:B3:ED:02", "172.22.0.201");
    const found = await cluster.rolloutWith(environment, "apply", "--yes");
    found.mustSucceed();
    expect(found.output).toContain("hamal      does not answer at 172.22.0.135; trying 172.22.0.201");
    (await cluster.rollout("verify")).mustSucceed();
    expect(await cluster.testbed.on("hamal", "ip -4 -o address show dev ens18")).toMatch(
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
    expect([status, output]).toEqual([4, expect.stringContaining("acrux: refused")]);
    expect(output).toContain(
      "it would found a second cluster: it has clusterInit and no data, and alphard has the cluster's data",
    );
    expect(cluster.testbed.events()).toEqual([]);
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
    // The state that a hand-written configuration with its own ruleset leaves.
    await cluster.testbed.on(
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
    expect((await cluster.rollout("plan", "--on", "hamal")).stdout).toContain(
      "its running system has saved a flush of the whole ruleset",
    );
    const { output } = (await cluster.rollout("apply", "--on", "hamal", "--yes")).mustSucceed();
    expect(output).toContain("activate: the saved 'flush ruleset' was removed first");
    expect(await cluster.testbed.on("hamal", "iptables-nft-save -t nat | grep -c KUBE-SERVICES")).toBe("2\n");
    expect(await cluster.testbed.on("hamal", "nft list tables")).not.toContain("inet filter");
    expect(await cluster.testbed.on("hamal", "cat /var/lib/nftables/deletions.nft")).not.toContain("flush");
  });

  test("a configuration whose root device is not there is refused before the build", async () => {
    cluster = await LiveCluster.start(
      [ALPHARD, HAMAL],
      [ALPHARD, { ...HAMAL, nixos: { rootFilesystem: { uuid: "00000000-0000-0000-0000-000000000000" } } }],
    );
    const { status, output } = await cluster.rollout("apply", "--yes");
    expect([status, output]).toEqual([
      4,
      expect.stringContaining(
        "does not exist there (/ is /dev/sda1, UUID dd933e34-9e75-4a1c-8597-61e6d3b7af63): it would not boot. Run npm run rollout -- capture hamal",
      ),
    ]);
    expect(cluster.testbed.events()).toEqual([]);
  });

  test("the example SSH key is not rolled out", async () => {
    cluster = await LiveCluster.start([ALPHARD, MIZAR]);
    const keys = join(cluster.folder, "authorized_keys");
    writeFileSync(keys, `${cluster.key.publicKey}\n${readFileSync(EXAMPLE_KEYS, "utf8")}`);
    cluster.emit([ALPHARD, MIZAR]);
    const { status, output } = await cluster.rollout("apply", "--yes");
    expect([status, output]).toEqual([
      4,
      expect.stringContaining("The example SSH key is still in the list of keys that may log in as root"),
    ]);
    expect(cluster.testbed.events()).toEqual([]);
  });
});
