/** The ways in which an activation may end, and how a rollout reacts. */
import type { Node } from "../../../src/config/model";
import { describeWith } from "../tools";
import { type LiveCluster, THREE } from "./cluster";
import { changingHamal, type Hamal } from "./hamal";
import { MACHINES } from "./tools";

const APPLY = ["apply", "--on", "hamal", "--yes", "--confirm-seconds", "6"] as const;
const PATIENT = ["apply", "--on", "hamal", "--yes"] as const;

describeWith(MACHINES, "an activation", () => {
  let cluster: LiveCluster;
  let hamal: Hamal;

  changingHamal((...started) => ([cluster, hamal] = started), THREE);

  const activated = (): boolean =>
    cluster.testbed.events().some((event) => event.startsWith("hamal activate"));

  describe("with a failed unit that is not ours", () => {
    test("that failed before: the plan names it, and the host is changed", async () => {
      hamal.change();
      cluster.testbed.setFault("hamal", "failing-units", "backup.service\n");
      await cluster.testbed.on("hamal", "systemctl start multi-user.target");
      const { stdout, output } = (await cluster.rollout(...PATIENT)).mustSucceed();
      expect(stdout).toContain("units have already failed on it: backup.service");
      expect(output).toContain(
        "confirm: switch-to-configuration exited with 4, but no unit failed that had not failed before",
      );
    });

    test("that failed now: it is named first, and the host reverts", () =>
      hamal.isLeftWith(
        { "failing-units": "backup.service\n" },
        APPLY,
        1,
        /has reverted by itself[^:]*: the following units failed: backup\.service\n {4}warning: the following units failed: backup\.service\n/,
      ));
  });

  test("whose only failure is a user's own activation succeeds", async () => {
    hamal.change();
    cluster.testbed.setFault("hamal", "user-activation-fails");
    (await cluster.rollout(...PATIENT)).mustSucceed();
  });

  test("whose script failed is reverted", () =>
    hamal.isLeftWith(
      { "activation-script-fails": "" },
      APPLY,
      1,
      /has reverted by itself[^:]*: the activation failed \(exit-code 2\)\n {4}Failed to run activate script/,
    ));

  describe("that NixOS refuses", () => {
    test("is not started, and the message says what to do", async () => {
      await hamal.isLeftWith(
        { "switch-inhibited": "" },
        APPLY,
        4,
        /hamal: what was built cannot be activated while the host runs:\n[^]*dbus-implementation : dbus -> broker\n[^]*Pre-switch checks failed\n--boot drains it and boots it into that system on trial[^]*No host was changed/,
      );
      expect(activated()).toBe(false);
      // A later plan reports it, too.
      const { stdout } = (await cluster.rollout("plan", "--on", "hamal")).mustSucceed();
      expect(stdout).toMatch(
        /hamal: changed[^]*its last build was not activated, since NixOS refuses that while the host runs; apply --boot boots it on trial:\n[^]*dbus -> broker/,
      );
    });

    test("because of another init is not started, either", async () => {
      await hamal.isLeftWith(
        { "init-interface": "another" },
        APPLY,
        4,
        /cannot be activated while the host runs:[^]*it has another init than the one that runs[^]*No host was changed/,
      );
      expect(activated()).toBe(false);
    });

    test("because it names a network interface is not started, either", async () => {
      const renamed = (from: string, to: string): Promise<string> =>
        cluster.testbed.on(
          "hamal",
          `ip link set ${from} down; ip link set ${from} name ${to}; ip link set ${to} up`,
        );
      hamal.change();
      await renamed("ens18", "node0");
      try {
        await hamal.isLeftBy(
          () => cluster.rollout(...APPLY),
          4,
          /cannot be activated while the host runs:[^]*MAC address bc:24:11:b3:ed:02 is to be ens18, which it becomes only at boot[^]*No host was changed/,
        );
      } finally {
        await renamed("node0", "ens18");
      }
      expect(activated()).toBe(false);
    });

    test("because it gives a bridge's name to the card below is refused, since the host would not come back", async () => {
      const { ipv4Address, macAddress } = cluster.testbed.nodes.find(
        ({ hostname }) => hostname === "hamal",
      ) as Node;
      const on = (...commands: string[]): Promise<string> => cluster.testbed.on("hamal", commands.join("; "));
      hamal.change();
      await on(
        "ip link set ens18 down; ip address flush dev ens18; ip link set ens18 name card0",
        `ip link add ens18 address ${macAddress} type bridge`,
        "ip link set card0 up master ens18; ip link set ens18 up",
        `ip address add ${ipv4Address}/24 dev ens18`,
      );
      try {
        await hamal.isLeftBy(
          () => cluster.rollout(...APPLY, "--boot"),
          1,
          /its network interface ens18 is a bridge[^]*systemd\.network\.links\."10-ens18"\.enable = false[^]*No host was changed/,
        );
      } finally {
        await on(
          "ip link del ens18; ip link set card0 down; ip link set card0 name ens18; ip link set ens18 up",
          `ip address add ${ipv4Address}/24 dev ens18`,
        );
      }
      expect(activated()).toBe(false);
    });

    test("without a check beforehand reverts nothing, since nothing has changed", async () => {
      await hamal.isLeftWith(
        { "switch-inhibited": "", "old-switch": "" },
        APPLY,
        4,
        /hamal refused the activation, and nothing was changed: the activation failed \(exit-code 1\)\n[^]*Pre-switch checks failed\n--boot drains it and boots it into that system on trial/,
      );
      expect(cluster.testbed.events().filter((event) => /^hamal (activate|k3s)/.test(event))).toEqual([]);
    });
  });

  test("from which no switch leads back is ended by a reboot", async () => {
    await hamal.isLeftWith(
      { "activation-script-fails": "", "return-fails": "" },
      APPLY,
      1,
      /hamal was not confirmed, and was rebooted into its previous system, which is also its boot default: the activation failed/,
    );
    expect(cluster.testbed.events()).toContain("hamal reboot");
  });

  test("that a reset of the machine cuts off is told from one that failed", async () => {
    hamal.change();
    cluster.testbed.setFault("hamal", "activation-hangs");
    await hamal.isLeftBy(
      async () => {
        const result = cluster.rollout(...PATIENT);
        await cluster.testbed.until("the activation is at work", activated);
        await cluster.testbed.powerOff("hamal");
        await cluster.testbed.powerOn("hamal");
        return result;
      },
      1,
      /hamal was rebooted before it was confirmed, by a reset, a power failure or somebody, and runs its previous system, which is also its boot default\. Run the same command again/,
    );
  });

  test("of another rollout is told from one that only waits to be confirmed, with the time that is left", async () => {
    hamal.change();
    cluster.testbed.setFault("hamal", "k3s-version", "v1.34.1+k3s1");
    cluster.testbed.setFault("hamal", "k3s-hangs");
    const first = cluster.rollout("apply", "--on", "hamal", "--yes", "--confirm-seconds", "15");
    await cluster.testbed.until("it waits", async () =>
      (await cluster.rollout("plan", "--on", "hamal")).output.includes("has activated a system"),
    );
    const { status, output } = await cluster.rollout("plan", "--on", "hamal");
    expect([status, output]).toEqual([
      4,
      expect.stringMatching(
        /hamal: refused[^]*another rollout \(\S+@\S+, process \d+\) has activated a system that it has not confirmed yet: it reverts in \d+ s unless that rollout confirms it/,
      ),
    ]);
    await first;
  });

  test.each(["activate", "confirm"])(
    "whose operator was killed after its step '%s' is gone on with at once",
    async (step) => {
      hamal.change();
      const { acted } = await cluster.testbed.interrupted(PATIENT, cluster.folder, {
        when: { host: "hamal", step, outcome: step === "activate" ? "done" : "started" },
        after: 0.3,
        signal: "SIGKILL",
      });
      expect(acted).toBe(true);
      const { stdout, output } = (await cluster.rollout(...PATIENT)).mustSucceed();
      expect(stdout).toMatch(
        /hamal: (changed|unfinished)[^]*a rollout that has ended .* left it unconfirmed/,
      );
      expect(output).toContain("revert the unconfirmed activation");
    },
  );
});
