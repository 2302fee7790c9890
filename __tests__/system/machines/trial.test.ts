/** A system that cannot be activated while the host runs, and how its boot on trial may end. */
import { join } from "node:path";
import { describeWith } from "../tools";
import { type LiveCluster, THREE } from "./cluster";
import { changingHamal, type Hamal } from "./hamal";
import { tamper } from "./tampered";
import { MACHINES } from "./tools";

const PATIENT = ["apply", "--on", "hamal", "--yes", "--boot"] as const;
const APPLY = [...PATIENT, "--confirm-seconds", "6", "--reboot-seconds", "20"] as const;
const REFUSED = { "switch-inhibited": "" };

describeWith(MACHINES, "a boot on trial", () => {
  let cluster: LiveCluster;
  let hamal: Hamal;

  changingHamal((...started) => ([cluster, hamal] = started), THREE);

  test("is used for a system that cannot be activated: drained, confirmed, kept and uncordoned", async () => {
    hamal.change();
    cluster.testbed.addPod("web", "hamal");
    cluster.testbed.setFault("hamal", "switch-inhibited");
    const { output } = (await cluster.rollout(...PATIENT)).mustSucceed();
    expect(output).toMatch(
      /in this order: agents: hamal \(by a boot on trial\)[^]*drain: [^]*prepare the trial: [^]*boot on trial: [^]*keep it: [^]*uncordon: /,
    );
    expect(cluster.testbed.events().filter((event) => /^hamal (activate|boot$)/.test(event))).toEqual([
      "hamal boot",
    ]);
    const [running, booting, profile] = (await hamal.state()).split("\n");
    expect([booting, profile]).toEqual([running, running]);
    expect(await cluster.testbed.on("hamal", "ls /var/lib/k3s-rollout /nix/var/nix/gcroots")).not.toMatch(
      /^(trial|before|refusal|k3s-rollout-before)$/m,
    );
    expect((await cluster.rollout("plan", "--on", "hamal")).mustSucceed().stdout).toContain(
      "hamal: unchanged",
    );
  });

  test("is begun when only the activation shows that it is refused", async () => {
    hamal.change();
    cluster.testbed.setFault("hamal", "switch-inhibited");
    cluster.testbed.setFault("hamal", "old-switch");
    const { output } = (await cluster.rollout(...PATIENT)).mustSucceed();
    expect(output).toMatch(/activate: [^]*confirm FAILED[^]*drain: [^]*boot on trial: [^]*keep it: /);
    expect(hamal.boots()).toBe(1);
  });

  test("reverts by itself when the new system admits no SSH", async () => {
    hamal.shutOut();
    cluster.testbed.setFault("hamal", "switch-inhibited");
    await hamal.isLeftBy(
      () => cluster.rollout(...APPLY),
      1,
      /hamal was not confirmed after its boot on trial and has reverted by itself, by another reboot, to its previous system, which is also its boot default: /,
    );
    expect(hamal.boots()).toBe(2);
  });

  test("reverts by itself when K3s does not start, and the message says so", async () => {
    const version = "v1.34.1+k3s1";
    await hamal.isLeftWith(
      { ...REFUSED, "k3s-version": version, "k3s-hangs": version },
      APPLY,
      1,
      /has reverted by itself, by another reboot, [^]*its kubelet has not reported this boot/,
    );
  });

  test("reverts by itself when the operator is gone", async () => {
    hamal.change();
    const before = await hamal.state();
    cluster.testbed.setFault("hamal", "switch-inhibited");
    const { acted } = await cluster.testbed.interrupted(APPLY, cluster.folder, {
      when: { host: "hamal", step: "prepare the trial", outcome: "done" },
      after: 1,
      signal: "SIGKILL",
    });
    expect(acted).toBe(true);
    await cluster.testbed.until("it is back", () => hamal.boots() === 2);
    await cluster.testbed.until("it answers", () => cluster.admitsSsh("hamal"));
    expect(await hamal.state()).toBe(before);
    (await cluster.rollout(...PATIENT)).mustSucceed();
  });

  test("that a killed rollout left unconfirmed is reverted at once, and started again", async () => {
    hamal.change();
    cluster.testbed.setFault("hamal", "switch-inhibited");
    await cluster.testbed.interrupted(PATIENT, cluster.folder, {
      when: { host: "hamal", step: "prepare the trial", outcome: "done" },
      after: 1,
      signal: "SIGKILL",
    });
    await cluster.testbed.until("it was booted", () => hamal.boots() === 1);
    await cluster.testbed.until("it answers", () => cluster.admitsSsh("hamal"));
    const { stdout, output } = (await cluster.rollout(...PATIENT)).mustSucceed();
    expect(stdout).toMatch(/hamal: [^]*a rollout that has ended .* left it unconfirmed/);
    expect(output).toContain("revert the unconfirmed activation");
    expect(hamal.boots()).toBe(3);
  });

  test("of another rollout is left alone", async () => {
    hamal.change();
    cluster.testbed.setFault("hamal", "switch-inhibited");
    const version = "v1.34.1+k3s1";
    cluster.testbed.setFault("hamal", "k3s-version", version);
    cluster.testbed.setFault("hamal", "k3s-hangs", version);
    const first = cluster.rollout(...PATIENT, "--confirm-seconds", "15", "--reboot-seconds", "20");
    await cluster.testbed.until("it was booted", () => hamal.boots() === 1);
    await cluster.testbed.until("it answers", () => cluster.admitsSsh("hamal"));
    const { status, output } = await cluster.rollout("plan", "--on", "hamal");
    expect([status, output]).toEqual([
      4,
      expect.stringMatching(
        /hamal: refused[^]*another rollout \(\S+@\S+, process \d+\) boots it on trial and has not confirmed the system yet/,
      ),
    ]);
    await first;
  });

  test("is not started when the boot loader cannot be written", () =>
    hamal.isLeftWith(
      { ...REFUSED, "boot-loader-fails": "" },
      APPLY,
      1,
      /the boot loader could not be written: No space left on device *; the boot default is what it was/,
    ));

  test("is not started into a system without the unit that reverts it", async () => {
    hamal.change();
    tamper(join(cluster.folder, "nix"), "k3s-agent/configuration.nix", (text) =>
      text.replace('wantedBy = [ "sysinit.target" ];', "enable = false;"),
    );
    cluster.testbed.setFault("hamal", "switch-inhibited");
    await hamal.isLeftBy(
      () => cluster.rollout(...APPLY),
      1,
      "what was built has no k3s-rollout-trial.service, which would lead back from it",
    );
    expect(hamal.boots()).toBe(0);
  });

  test("that did not happen, since another system was booted, is distinguished from one that failed", async () => {
    const former = (await cluster.testbed.on("hamal", "readlink -f /run/current-system")).trim();
    await hamal.isLeftWith(
      { ...REFUSED, "boot-menu": former },
      APPLY,
      1,
      "hamal rebooted, but not into the built system",
    );
  });

  test("does not follow from an ordinary boot, which reverts nothing", async () => {
    const before = await hamal.state();
    cluster.testbed.forgetEvents();
    await cluster.testbed.powerOff("hamal");
    await cluster.testbed.powerOn("hamal");
    expect(await cluster.testbed.on("hamal", "cat /run/units/k3s-rollout-trial.service/state || true")).toBe(
      "",
    );
    expect(await hamal.state()).toBe(before);
    expect(hamal.boots()).toBe(1);
  });
});
