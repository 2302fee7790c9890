import { join } from "node:path";
import { describeWith } from "../tools";
import { LiveCluster, THREE } from "./cluster";
import { tamper } from "./tampered";
import { MACHINES } from "./tools";

/** A ruleset that admits no SSH although it should. */
const withoutSsh = (text: string): string => text.replace("22, # SSH", "2222, # SSH");

const running = (cluster: LiveCluster): Promise<string> =>
  cluster.testbed.on("hamal", "readlink -f /run/current-system");

const booting = (cluster: LiveCluster): Promise<string> =>
  cluster.testbed.on("hamal", "readlink -f /boot/default");

describeWith(MACHINES, "a firewall that locks its operator out", () => {
  let cluster: LiveCluster;

  beforeEach(async () => {
    cluster = await LiveCluster.start(THREE);
    tamper(join(cluster.folder, "nix"), "k3s-agent/nftables.nft", withoutSsh);
  });
  afterEach(() => cluster?.stop());

  /** The operator is gone so many seconds after the confirmation has begun. */
  const killedWhileConfirming = (after: number): Promise<unknown> =>
    cluster.testbed.interrupted(
      ["apply", "--on", "hamal", "--yes", "--confirm-seconds", "6"],
      cluster.folder,
      { when: { host: "hamal", step: "confirm", outcome: "started" }, after, signal: "SIGKILL" },
    );

  test("is noticed by a new connection, and the host reverts by itself", async () => {
    const before = await running(cluster);
    const result = cluster.rollout("apply", "--on", "hamal", "--yes", "--confirm-seconds", "6");
    await cluster.testbed.until("the new firewall is loaded", () =>
      cluster.testbed.events().some((event) => event.startsWith("hamal activate")),
    );
    await cluster.testbed.until("SSH is cut", async () => !(await cluster.admitsSsh("hamal")));
    const { status, output } = await result;
    expect(status).toBe(1);
    expect(output).toMatch(
      /hamal was not confirmed and has reverted by itself to its previous system, which is also its boot default: no (new )?SSH connection/,
    );
    expect([await running(cluster), await booting(cluster), await cluster.admitsSsh("hamal")]).toEqual([
      before,
      before,
      true,
    ]);
    expect(await cluster.testbed.on("hamal", "ls -d /etc/nixos*")).toBe("/etc/nixos\n");
  });

  test("would last without the timer", async () => {
    cluster.testbed.setFault("hamal", "timer-is-not-armed");
    await killedWhileConfirming(9);
    expect(await cluster.admitsSsh("hamal")).toBe(false);
  });

  test("does not survive a reset of the machine, either", async () => {
    cluster.testbed.setFault("hamal", "timer-is-not-armed");
    const before = await running(cluster);
    await killedWhileConfirming(1);
    expect(await cluster.admitsSsh("hamal")).toBe(false);
    await cluster.testbed.powerOff("hamal");
    await cluster.testbed.powerOn("hamal");
    expect([await running(cluster), await cluster.admitsSsh("hamal")]).toEqual([before, true]);
  });

  test("an activation that hangs, and holds its lock, is ended", async () => {
    cluster.testbed.setFault("hamal", "activation-hangs");
    const before = await running(cluster);
    const { status, output } = await cluster.rollout(
      "apply",
      "--on",
      "hamal",
      "--yes",
      "--confirm-seconds",
      "6",
    );
    expect([status, output]).toEqual([
      1,
      expect.stringContaining("hamal was not confirmed and has reverted by itself"),
    ]);
    expect([await running(cluster), await booting(cluster), await cluster.admitsSsh("hamal")]).toEqual([
      before,
      before,
      true,
    ]);
    cluster.testbed.clearFault("hamal", "activation-hangs");
    expect(
      await cluster.testbed.on("hamal", "flock -n /run/nixos/switch-to-configuration.lock echo free"),
    ).toBe("free\n");
  });
});
