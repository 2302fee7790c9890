/** What the emitted configuration protects on a host from NixOS and systemd. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { shellWord } from "../../../src/base/escape";
import { describeWith } from "../tools";
import { LiveCluster, THREE } from "./cluster";
import { MACHINES } from "./tools";

describeWith(MACHINES, "the configuration of a host", () => {
  let cluster: LiveCluster;

  beforeAll(async () => (cluster = await LiveCluster.start(THREE)));
  afterAll(() => cluster?.stop());

  const local = (): string => join(cluster.folder, "nix", "k3s-agent", "local.nix");

  const forwarding = (): Promise<string> =>
    cluster.testbed.on(
      "hamal",
      "cd /proc/sys/net/ipv4/conf; cat all/forwarding default/forwarding ens18/forwarding",
    );

  test("keeps its kernel forwarding when another sysctl changes, which sets all of them again", async () => {
    writeFileSync(local(), '{ boot.kernel.sysctl."net.ipv4.tcp_fin_timeout" = 30; }\n');
    (await cluster.rollout("apply", "--on", "hamal", "--yes", "--confirm-seconds", "30")).mustSucceed();
    expect(await cluster.testbed.on("hamal", "cat /proc/sys/net/ipv4/tcp_fin_timeout")).toBe("30\n");
    expect(await forwarding()).toBe("1\n1\n1\n");
  });

  test("is the one that was delivered, whatever NIXOS_CONFIG the host's environment has", async () => {
    await cluster.testbed.on(
      "hamal",
      "echo 'export NIXOS_CONFIG=/etc/nixos/configuration.nix' >>/etc/set-environment",
    );
    writeFileSync(local(), '{ boot.kernel.sysctl."net.ipv4.tcp_fin_timeout" = 40; }\n');
    (await cluster.rollout("apply", "--on", "hamal", "--yes", "--confirm-seconds", "30")).mustSucceed();
    expect(await cluster.testbed.on("hamal", "cat /proc/sys/net/ipv4/tcp_fin_timeout")).toBe("40\n");
  });

  test("keeps files that were not emitted, with any name, and the plan names them", async () => {
    const names = [" leading", "a  b.nix", "back\\slash", "empty ", "trailing ", "two\nlines", "ä"];
    const script = names.map((name) => `printf x >${shellWord(name)}`).join("\n");
    await cluster.testbed.on("hamal", `cd /etc/nixos\n${script}\n: >'empty '`);
    const { stdout } = await cluster.rollout("plan", "--on", "hamal", "--json");
    await cluster.testbed.on("hamal", `cd /etc/nixos; rm -- ${names.map(shellWord).join(" ")}`);
    const { hosts } = JSON.parse(stdout) as {
      hosts: { changes: { kind: string; file: string }[] }[];
    };
    const removed = hosts[0]?.changes.filter(({ kind }) => kind === "removed").map(({ file }) => file);
    expect(removed).toEqual(names);
  });

  test("comes with all that its owner's files name, beside them and of all hosts", async () => {
    const nix = join(cluster.folder, "nix");
    const put = (path: string, text: string): void => {
      mkdirSync(dirname(join(nix, path)), { recursive: true });
      writeFileSync(join(nix, path), text);
    };
    put("k3s-agent/local.nix", "{ imports = [ ./monitoring/node.nix ../common.nix ]; }\n");
    put("k3s-agent/monitoring/node.nix", "{ }\n");
    put("k3s-agent/x.nix/with blank.yaml", "password: hunter2\n");
    put("k3s-agent/empty", "");
    put("common.nix", '{ boot.kernel.sysctl."net.ipv4.tcp_fin_timeout" = 50; }\n');
    (await cluster.rollout("apply", "--on", "hamal", "--yes", "--confirm-seconds", "30")).mustSucceed();
    expect(await cluster.testbed.on("hamal", "cd /etc/nixos; find . -type f | sort")).toBe(
      [
        ...["./common.nix", "./configuration.nix", "./k3s-agent/configuration.nix", "./k3s-agent/empty"],
        ...["./k3s-agent/hardware-configuration.nix", "./k3s-agent/k3s-agent.nix", "./k3s-agent/local.nix"],
        ...[
          "./k3s-agent/monitoring/node.nix",
          "./k3s-agent/nftables.nft",
          "./k3s-agent/x.nix/with blank.yaml",
          "",
        ],
      ].join("\n"),
    );
    expect(await cluster.testbed.on("hamal", "cat /proc/sys/net/ipv4/tcp_fin_timeout")).toBe("50\n");
    expect((await cluster.rollout("plan", "--on", "hamal")).mustSucceed().stdout).toMatch(
      /^hamal: unchanged.*\n$/,
    );

    put("common.nix", '{ boot.kernel.sysctl."net.ipv4.tcp_fin_timeout" = 51; }\n');
    put("k3s-agent/x.nix/with blank.yaml", "password: hunter3\n");
    const { stdout } = (await cluster.rollout("plan", "--on", "hamal")).mustSucceed();
    expect(stdout).toContain("  ../common.nix:\n      - { boot.kernel");
    expect(stdout).toContain("  x.nix/with blank.yaml: changes\n");
    expect(stdout).not.toContain("hunter");

    put("k3s-agent/local.nix", "{ imports = [ ../../common.nix ]; }\n");
    cluster.testbed.forgetEvents();
    const { status, output } = await cluster.rollout("apply", "--on", "hamal", "--yes");
    expect([status, output]).toEqual([
      1,
      expect.stringContaining("local.nix refers to ../../common.nix, which is outside"),
    ]);
    expect(cluster.testbed.events()).toEqual([]);
    for (const path of ["k3s-agent/monitoring", "k3s-agent/x.nix", "k3s-agent/empty", "common.nix"])
      rmSync(join(nix, path), { recursive: true });
  });

  test("that turns forwarding off is not confirmed, although its node is Ready", async () => {
    const off = '"net.ipv4.conf.all.forwarding" = lib.mkForce false;';
    writeFileSync(local(), `{ lib, ... }: {\n  boot.kernel.sysctl.${off}\n}\n`);
    const { status, output } = await cluster.rollout(
      "apply",
      "--on",
      "hamal",
      "--yes",
      "--confirm-seconds",
      "5",
    );
    expect([status, output]).toEqual([
      1,
      expect.stringMatching(
        /hamal was not confirmed and has reverted by itself .*: its kernel does not forward packets of pods \(.* for all, .*ens18/,
      ),
    ]);
    expect(await forwarding()).toBe("1\n1\n1\n");
    rmSync(local());
  });

  test("runs no K3s on a host whose firewall was not loaded at its boot", async () => {
    await cluster.testbed.on("mizar", "echo no ruleset >>$(readlink -f /boot/default)/etc/nftables.nft");
    cluster.testbed.forgetEvents();
    await cluster.testbed.powerOff("mizar");
    await cluster.testbed.powerOn("mizar");
    expect(
      await cluster.testbed.on(
        "mizar",
        "systemctl is-active k3s || systemctl show -p ActiveState --value k3s",
      ),
    ).toBe("inactive\n");
    expect(await cluster.testbed.on("mizar", "nft list tables")).toBe("");
    expect(cluster.testbed.events()).toEqual(["mizar boot"]);
  });
});
