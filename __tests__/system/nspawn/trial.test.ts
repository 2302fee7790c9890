/** Boots on trial of hosts with a real systemd, whose own unit reverts them by real reboots. */
import { container } from "../../../testbed/nspawn/container";
import { type LiveCluster, THREE } from "../machines/cluster";
import { changingHamal, type Hamal } from "../machines/hamal";
import { describeWith } from "../tools";
import { CONTAINERS } from "./tools";

const PATIENT = ["apply", "--on", "hamal", "--yes", "--boot"] as const;
const QUICK = [...PATIENT, "--confirm-seconds", "20", "--reboot-seconds", "60"] as const;
const REFUSED = { "switch-inhibited": "" };
const REVERTED = /was not confirmed after its boot on trial and has reverted by itself, by another reboot/;

describeWith(CONTAINERS, "a boot on trial of a host with systemd", () => {
  let cluster: LiveCluster;
  let hamal: Hamal;

  changingHamal((...started) => ([cluster, hamal] = started), THREE, THREE, { container: container() });

  const unit = (property: string): Promise<string> =>
    cluster.testbed.on("hamal", `systemctl show -P ${property} k3s-rollout-trial.service`);

  test("is confirmed and kept, after which the unit reverts nothing", async () => {
    hamal.change();
    cluster.testbed.setFault("hamal", "switch-inhibited");
    (await cluster.rollout(...PATIENT)).mustSucceed();
    expect(hamal.boots()).toBe(1);
    expect(await unit("ActiveState")).toBe("inactive\n");
    const kept = await hamal.state();
    await cluster.testbed.powerOff("hamal");
    await cluster.testbed.powerOn("hamal");
    await cluster.testbed.until("it answers", () => cluster.admitsSsh("hamal"), 60);
    expect([await unit("LoadState"), await unit("ConditionResult")]).toEqual(["loaded\n", "no\n"]);
    expect(await hamal.state()).toBe(kept);
  });

  test("reverts by itself when the new system admits no SSH", async () => {
    hamal.shutOut();
    cluster.testbed.setFault("hamal", "switch-inhibited");
    await hamal.isLeftBy(() => cluster.rollout(...QUICK), 1, REVERTED);
    expect(hamal.boots()).toBe(2);
  });

  test("reverts by itself from emergency mode", async () => {
    const former = (await cluster.testbed.on("hamal", "readlink -f /run/current-system")).trim();
    await hamal.isLeftWith({ ...REFUSED, "missing-filesystem": former }, QUICK, 1, REVERTED);
    expect(hamal.boots()).toBe(2);
  });

  test("reverts by itself on a server whose K3s is never ready", async () => {
    const version = "v1.34.2+k3s2";
    const faults = { ...REFUSED, "k3s-version": version, "k3s-hangs": version };
    for (const [fault, value] of Object.entries(faults)) cluster.testbed.setFault("alphard", fault, value);
    const before = await hamal.state("alphard");
    const { status, output } = await cluster.rollout(
      "apply",
      "--on",
      "alphard",
      "--rebuild",
      "--yes",
      "--boot",
      ...QUICK.slice(PATIENT.length),
    );
    for (const fault of Object.keys(faults)) cluster.testbed.clearFault("alphard", fault);
    expect([status, output]).toEqual([1, expect.stringMatching(REVERTED)]);
    expect(output).toContain("K3s is activating");
    expect(await hamal.state("alphard")).toBe(before);
  });

  test("reverts by itself when the operator is gone", async () => {
    hamal.change();
    const before = await hamal.state();
    cluster.testbed.setFault("hamal", "switch-inhibited");
    cluster.testbed.setFault("hamal", "k3s-version", "v1.34.1+k3s1");
    cluster.testbed.setFault("hamal", "k3s-hangs", "v1.34.1+k3s1");
    const { acted } = await cluster.testbed.interrupted(QUICK, cluster.folder, {
      when: { host: "hamal", step: "boot on trial", outcome: "started" },
      after: 3,
      signal: "SIGKILL",
    });
    expect(acted).toBe(true);
    await cluster.testbed.until("it is back", () => hamal.boots() === 2, 60);
    await cluster.testbed.until("it answers", () => cluster.admitsSsh("hamal"), 60);
    expect(await hamal.state()).toBe(before);
  });
});
