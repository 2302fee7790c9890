/** What tests of a rollout rely on: the machines behave like NixOS, systemd and K3s wherever a rollout depends on it. */
import { LiveCluster, THREE } from "./cluster";
import { MACHINES } from "./tools";
import { describeWith } from "../tools";

const ACTIVATE = '"$(readlink -f /run/current-system)/bin/switch-to-configuration" test';

interface Activated {
  readonly status: number | null;
  readonly said: string;
  readonly events: readonly string[];
}

describeWith(MACHINES, "machines of the lab", () => {
  let cluster: LiveCluster;

  beforeAll(async () => (cluster = await LiveCluster.start(THREE)));
  afterAll(() => cluster?.stop());

  const isReady = async (name: string): Promise<boolean> => {
    const { items } = JSON.parse(await cluster.testbed.on("alphard", "kubectl get nodes -o json")) as {
      items: { metadata: { name: string }; status: { conditions: { status: string }[] } }[];
    };
    return items.find((node) => node.metadata.name === name)?.status.conditions[0]?.status === "True";
  };

  /** Runs a script as a rollout does: over SSH, from standard input. */
  const overSsh = (script: string): ReturnType<LiveCluster["testbed"]["operator"]> => {
    const settings = ["ConnectTimeout=2", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"];
    const ssh = [
      "ssh",
      "-T",
      ...settings.flatMap((setting) => ["-o", setting]),
      "root@172.22.0.135",
      "sh -s",
    ];
    return cluster.testbed.operator(
      ["sh", "-c", 'printf %s "$1" | { shift; "$@"; }', "sh", script, ...ssh],
      "/",
    );
  };

  test("the operator's script runs as root on the machine that was named", async () => {
    const { status, stdout } = await overSsh(
      "id -u; cat /proc/sys/kernel/hostname /sys/class/net/ens18/address",
    );
    expect([status, stdout]).toEqual([0, "0\nhamal\nbc:24:11:b3:ed:02\n"]);
  });

  test("a timer fires although the session that armed it is gone", async () => {
    const arm =
      ". /etc/set-environment; systemd-run --unit=late --on-active=1 /bin/touch /tmp/late; kill -KILL $PPID";
    expect((await overSsh(arm)).status).not.toBe(0); // the session ended with its server
    expect(await cluster.testbed.on("hamal", "ls /tmp/late || true")).toBe("");
    await cluster.testbed.until("it fired", async () =>
      (await cluster.testbed.on("hamal", "ls /tmp/late || true")).includes("late"),
    );
  });

  test("a timer that was stopped does not fire", async () => {
    await cluster.testbed.on("hamal", "systemd-run --unit=never --on-active=1 /bin/touch /tmp/never");
    await cluster.testbed.on("hamal", "systemctl stop never.timer; sleep 1.5");
    expect(await cluster.testbed.on("hamal", "ls /tmp/never || true")).toBe("");
  });

  test("of two activations at once the second fails", async () => {
    const held = `flock /run/nixos/switch-to-configuration.lock sh -c '${ACTIVATE} || echo failed with $?'`;
    const { stdout, stderr } = await cluster.testbed.attempt("hamal", held);
    expect([stdout, stderr]).toEqual([
      expect.stringMatching(/^failed with [1-9]/),
      "Could not acquire lock\n",
    ]);
    expect((await cluster.testbed.attempt("hamal", ACTIVATE)).status).toBe(0);
  });

  describe("an activation, as switch-to-configuration-ng does it,", () => {
    const ANOTHER_K3S = "echo v1.34.3+k3s1 >/faults/k3s-version";
    const ANOTHER_RULE = "echo '# another' >>nftables.nft";

    /** Builds /etc/nixos with a change, and activates it. */
    async function activated(change: string, action = "test"): Promise<Activated> {
      cluster.testbed.forgetEvents();
      const { status, stdout, stderr } = await cluster.testbed.attempt(
        "hamal",
        `rm -rf /tmp/config; cp -r /etc/nixos /tmp/config; cd /tmp/config
${change}
cd /tmp; nixos-rebuild build --no-flake -I nixos-config=/tmp/config/configuration.nix
status=0; result/bin/switch-to-configuration ${action} || status=$?
rm -f /faults/*
exit $status`,
      );
      const events = cluster.testbed
        .events()
        .map((event) => event.replace(/ [0-9a-f]{6}$/, ""))
        .filter((event) => !/build|joined/.test(event));
      return { status, said: stdout + stderr, events };
    }

    afterEach(() => activated("true"));

    test("stops K3s before it reloads the firewall, and starts it after that", async () => {
      expect(await activated(`${ANOTHER_K3S}; ${ANOTHER_RULE}`)).toMatchObject({
        status: 0,
        events: ["hamal k3s stop", "hamal activate", "hamal reload nftables", "hamal k3s start"],
      });
    });

    test("does not end at a reload that failed, and exits with 4", async () => {
      const { status, said, events } = await activated(`${ANOTHER_K3S}; echo nonsense >>nftables.nft`);
      expect([status, events.at(-1)]).toEqual([4, "hamal k3s start"]);
      expect(said).toContain("Failed to reload nftables.service");
    });

    test("exits with 2 when the activation script failed, and still starts the rest", async () => {
      const { status, events } = await activated(`${ANOTHER_K3S}; touch /faults/activation-script-fails`);
      expect([status, events.at(-1)]).toEqual([2, "hamal k3s start"]);
    });

    test("exits with 4 when any unit has failed, related or not", async () => {
      const { status, said } = await activated(`${ANOTHER_RULE}; echo backup.service >/faults/failing-units`);
      expect([status, said]).toEqual([
        4,
        expect.stringContaining("warning: the following units failed: backup.service"),
      ]);
    });

    test.each([
      ["check", "touch /faults/switch-inhibited", 1, "Pre-switch checks failed"],
      ["test", "touch /faults/switch-inhibited", 1, "Pre-switch checks failed"],
      ["test", "echo another >/faults/init-interface", 100, "incompatible with the current configuration"],
    ])("is refused before anything was changed: %s after %s", async (action, change, code, words) => {
      const { status, said, events } = await activated(`${ANOTHER_RULE}; ${change}`, action);
      expect([status, said, events]).toEqual([code, expect.stringContaining(words), []]);
    });

    test("sets forwarding back to the value of NixOS as soon as any sysctl changes", async () => {
      const forwarding = (): Promise<string> =>
        cluster.testbed.on("hamal", "cat /proc/sys/net/ipv4/conf/all/forwarding");
      expect(await forwarding()).toBe("1\n");
      await activated("sed -i /forwarding/d configuration.nix");
      expect(await forwarding()).toBe("0\n");
    });

    test("removes the address from DHCP before it adds the static one", async () => {
      const change = `sed -i 's|useDHCP = true;|ipv4.addresses = [ { address = "172.22.0.199"; prefixLength = 24; } ];|' configuration.nix`;
      await cluster.testbed.on(
        "hamal",
        "ip monitor address >/tmp/monitor 2>&1 </dev/null & echo $! >/tmp/monitor.pid; sleep 0.3",
      );
      await activated(change);
      const seen = await cluster.testbed.on(
        "hamal",
        "kill $(cat /tmp/monitor.pid); grep -o '.*inet 172[^/]*' /tmp/monitor",
      );
      expect(seen).toMatch(/^Deleted .*172\.22\.0\.135\n[^]*172\.22\.0\.199/);
      await cluster.testbed.on(
        "hamal",
        "ip address flush dev ens18 scope global; ip address add 172.22.0.135/24 dev ens18",
      );
    });
  });

  test("a ruleset locks out the operator, and not the person at the console", async () => {
    expect(await cluster.admitsSsh("hamal")).toBe(true);
    await cluster.testbed.on("hamal", "nft insert rule inet k3s_host input tcp dport 22 drop");
    expect(await cluster.admitsSsh("hamal")).toBe(false);
    expect(await cluster.testbed.on("hamal", "echo here")).toBe("here\n");
    await cluster.testbed.on("hamal", "systemctl reload nftables");
    expect(await cluster.admitsSsh("hamal")).toBe(true);
  });

  test("an agent's heartbeat arrives only while the server's ruleset admits it", async () => {
    expect(await isReady("mizar")).toBe(true);
    await cluster.testbed.on(
      "alphard",
      "nft insert rule inet k3s_host input ip saddr 172.22.0.136 tcp dport 6443 drop",
    );
    await cluster.testbed.until("it is not heard of", async () => !(await isReady("mizar")));
    expect(await isReady("hamal")).toBe(true);
    await cluster.testbed.on("alphard", "systemctl reload nftables");
    await cluster.testbed.until("it is heard of again", () => isReady("mizar"));
  });

  test("a pod that its disruption budget protects makes a drain fail, and stays", async () => {
    cluster.testbed.addPod("free", "hamal");
    cluster.testbed.addPod("held", "hamal", { held: true });
    const { status, stdout, stderr } = await cluster.testbed.attempt(
      "alphard",
      "kubectl drain hamal --ignore-daemonsets --delete-emptydir-data --timeout=1s",
    );
    expect([status, stdout, stderr]).toEqual([
      1,
      "node/hamal cordoned\nevicting pod default/free\npod/free evicted\nevicting pod default/held\n",
      expect.stringContaining("Cannot evict pod as it would violate the pod's disruption budget"),
    ]);
    cluster.testbed.removePod("held");
  });

  test("a reboot ends transient units, and boots the boot default instead of the running system", async () => {
    const boot =
      "cat /proc/sys/kernel/random/boot_id; readlink -f /run/booted-system; readlink /boot/default";
    const [before = "", , system = ""] = (await cluster.testbed.on("mizar", boot)).split("\n");
    await cluster.testbed.on(
      "mizar",
      `cd /tmp
echo 6.12.9 >/faults/kernel
nixos-rebuild build --no-flake -I nixos-config=/etc/nixos/configuration.nix
result/bin/switch-to-configuration test
systemd-run --unit=gone --on-active=100 /bin/touch /tmp/gone`,
    );
    expect((await cluster.testbed.on("mizar", "readlink -f /run/current-system")).trim()).not.toBe(system);
    await cluster.testbed.on("mizar", "systemctl reboot");
    await cluster.testbed.until("it is up again", async () => {
      const { status, stdout } = await cluster.testbed.attempt("mizar", boot);
      return status === 0 && !stdout.startsWith(before) && (await cluster.admitsSsh("mizar"));
    });
    expect(
      await cluster.testbed.on(
        "mizar",
        "readlink -f /run/current-system; systemctl show -p ActiveState --value gone.timer",
      ),
    ).toBe(`${system}\ninactive\n`);
    await cluster.testbed.until("it is heard of again", () => isReady("mizar"));
  });
});
