/**
 * Rollouts to hosts with a real systemd, sshd under PAM, timers, journal and reboots. Shims stand for nixos-rebuild, the
 * activation, the boot loader and K3s.
 */
import { container } from "../../../testbed/nspawn/container";
import { ALNAIR, type LiveCluster, THREE } from "../machines/cluster";
import { changingHamal, type Hamal } from "../machines/hamal";
import { describeWith } from "../tools";
import { CONTAINERS } from "./tools";

const FOUR = [...THREE, ALNAIR];
const PATIENT = ["apply", "--on", "hamal", "--yes"] as const;
const QUICK = [...PATIENT, "--confirm-seconds", "20"] as const;

describeWith(CONTAINERS, "a rollout to hosts with systemd", () => {
  let cluster: LiveCluster;
  let hamal: Hamal;

  changingHamal((...started) => ([cluster, hamal] = started), THREE, FOUR, { container: container() });

  const activated = (host = "hamal"): boolean =>
    cluster.testbed.events().some((event) => event.startsWith(`${host} activate`));

  test("the hosts run systemd, and sshd with PAM", async () => {
    expect(await cluster.testbed.on("hamal", "cat /proc/1/comm; sshd -T | grep -i usepam")).toBe(
      "systemd\nusepam yes\n",
    );
  });

  test("a new node is installed, rebooted and joins", async () => {
    (await cluster.rollout("apply", "--yes", "--reboot-seconds", "60")).mustSucceed();
    expect(cluster.testbed.events().filter((event) => event === "alnair boot")).toHaveLength(1);
  });

  test("a lock-out is seen by a new connection, and ends by the timer", async () => {
    hamal.shutOut();
    await hamal.isLeftBy(
      () => cluster.rollout(...QUICK),
      1,
      /hamal was not confirmed and has reverted by itself[^]*SSH connection/,
    );
  });

  test("an activation that hangs is ended by the timer", () =>
    hamal.isLeftWith(
      { "activation-hangs": "" },
      QUICK,
      1,
      /has reverted by itself[^:]*: the activation has not finished/,
    ));

  test("a server whose K3s is never ready reverts, without a job that is stuck", async () => {
    cluster.testbed.setFault("alphard", "k3s-version", "v1.34.2+k3s2");
    cluster.testbed.setFault("alphard", "k3s-hangs");
    const { status, output } = await cluster.rollout(
      "apply",
      "--on",
      "alphard",
      "--rebuild",
      "--yes",
      "--confirm-seconds",
      "20",
    );
    cluster.testbed.clearFault("alphard", "k3s-hangs");
    cluster.testbed.clearFault("alphard", "k3s-version");
    expect([status, output]).toEqual([
      1,
      expect.stringContaining("alphard was not confirmed and has reverted by itself"),
    ]);
    expect(await cluster.testbed.on("alphard", "systemctl list-jobs --no-legend")).toBe("");
  });

  test("a reset during the activation is distinguished from an activation that failed", async () => {
    hamal.change();
    cluster.testbed.setFault("hamal", "activation-hangs");
    await hamal.isLeftBy(
      async () => {
        const result = cluster.rollout(...PATIENT);
        await cluster.testbed.until("the activation is at work", () => activated(), 60);
        await cluster.testbed.powerOff("hamal");
        await cluster.testbed.powerOn("hamal");
        return result;
      },
      1,
      /hamal was rebooted before it was confirmed, by a reset/,
    );
  });

  test("a reset before the commit leads back, too", async () => {
    hamal.change();
    cluster.testbed.setFault("hamal", "k3s-version", "v1.34.1+k3s1");
    cluster.testbed.setFault("hamal", "k3s-hangs");
    await hamal.isLeftBy(
      async () => {
        const result = cluster.rollout(...PATIENT);
        await cluster.testbed.until(
          "K3s has begun",
          () => cluster.testbed.events().includes("hamal k3s start"),
          60,
        );
        await cluster.testbed.powerOff("hamal");
        await cluster.testbed.powerOn("hamal");
        return result;
      },
      1,
      /hamal was rebooted before it was confirmed, by a reset/,
    );
  });

  test.each(["sshd-changed", "systemd-changed"])(
    "an activation that restarts sshd or systemd succeeds: %s",
    async (fault) => {
      hamal.change();
      cluster.testbed.setFault("hamal", fault);
      (await cluster.rollout(...PATIENT)).mustSucceed();
    },
  );

  test("a unit that failed before blocks nothing, and one that fails now is named first", async () => {
    await hamal.isLeftWith(
      { "failing-units": "backup.service\n" },
      QUICK,
      1,
      /has reverted by itself[^:]*: the following units failed: backup\.service\n {4}warning: the following units failed: backup\.service/,
    );
    cluster.testbed.setFault("hamal", "failing-units", "backup.service\n");
    await cluster.testbed.on(
      "hamal",
      "install-units $(readlink -f /run/current-system); systemctl daemon-reload; systemctl start backup || true",
    );
    hamal.change();
    const { stdout } = (await cluster.rollout(...PATIENT)).mustSucceed();
    expect(stdout).toContain("units have already failed on it: backup.service");
    await cluster.testbed.on(
      "hamal",
      "rm /etc/systemd/system/backup.service /etc/systemd/system/*.wants/backup.service; systemctl daemon-reload",
    );
  });

  test("after a killed operator the same again goes on at once", async () => {
    hamal.change();
    const { acted } = await cluster.testbed.interrupted(PATIENT, cluster.folder, {
      when: { host: "hamal", step: "activate", outcome: "done" },
      signal: "SIGKILL",
    });
    expect(acted).toBe(true);
    expect((await cluster.rollout(...PATIENT)).mustSucceed().output).toContain(
      "revert the unconfirmed activation",
    );
  });
});
