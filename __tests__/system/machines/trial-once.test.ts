/** A new kernel, which is booted once with the former system as the boot default, and how that may end. */
import { describeWith } from "../tools";
import { type LiveCluster, THREE } from "./cluster";
import { changingHamal, type Hamal } from "./hamal";
import { MACHINES } from "./tools";

const PATIENT = ["apply", "--on", "hamal", "--yes"] as const;
const QUICK = [...PATIENT, "--confirm-seconds", "5", "--reboot-seconds", "6"] as const;
const REVERTED =
  /hamal was not confirmed after its boot on trial and has reverted by itself, by another reboot/;
const RESET =
  /hamal was not confirmed after its boot on trial \(.*\), and was not seen to revert. Reset its VM 135 in Proxmox VE \(qm reset 135 on \S+\): it comes up on its previous system, which is still its boot default/;

describeWith(MACHINES, "a new kernel", () => {
  let cluster: LiveCluster;
  let hamal: Hamal;
  let kernels = 0;

  changingHamal((...started) => ([cluster, hamal] = started), THREE);

  function newKernel(): void {
    hamal.change();
    cluster.testbed.setFault("hamal", "kernel", `6.12.10${++kernels}`);
  }

  const running = async (): Promise<string> =>
    (await cluster.testbed.on("hamal", "readlink -f /run/current-system")).trim();

  /** As a reset of its VM, or a power cut. */
  async function reset(): Promise<void> {
    await cut();
    await recover();
  }

  async function cut(): Promise<void> {
    if (cluster.testbed.isOn("hamal")) await cluster.testbed.powerOff("hamal");
    await cluster.testbed.until("it is off", () => !cluster.testbed.isOn("hamal"));
  }

  async function recover(): Promise<void> {
    await cluster.testbed.powerOn("hamal");
    await cluster.testbed.until("it answers", () => cluster.admitsSsh("hamal"));
  }

  /** What its former unit does at its boot is done as well. */
  const isItself = async (before: string): Promise<void> => {
    await cluster.testbed.until(
      "its trial has ended",
      async () =>
        (await cluster.testbed.attempt("hamal", "[ ! -e /var/lib/k3s-rollout/trial ]")).status === 0,
    );
    expect(await hamal.state()).toBe(before);
    expect(await cluster.testbed.on("hamal", "grub-editenv /boot/grub/grubenv list")).toBe("");
  };

  test("is booted once, and becomes the boot default after it is confirmed", async () => {
    newKernel();
    cluster.testbed.addPod("web", "hamal");
    const before = await running();
    const { output } = (await cluster.rollout(...PATIENT)).mustSucceed();
    expect(output).toMatch(
      /in this order: agents: hamal \(by a boot on trial, for its kernel, initrd, kernel-modules\)[^]*drain: [^]*prepare the trial: [^]*boot on trial: [^]*keep it: [^]*uncordon: /,
    );
    const after = await running();
    const short = (system: string): string => system.split("/").pop()?.slice(0, 6) ?? "";
    expect(cluster.testbed.events().filter((event) => /^hamal (activate|boot|reboot)/.test(event))).toEqual([
      `hamal boot-default ${short(before)}`,
      "hamal reboot",
      "hamal boot",
      `hamal boot-default ${short(after)}`,
    ]);
    await reset();
    expect(await running()).toBe(after);
    expect((await cluster.rollout("plan", "--on", "hamal")).mustSucceed().stdout).toContain(
      "hamal: unchanged",
    );
  });

  test("that panics needs a reset, which the message says, and is then on its former system", async () => {
    newKernel();
    const before = await hamal.state();
    cluster.testbed.setFault("hamal", "panics", await running());
    const { status, output } = await cluster.rollout(...QUICK);
    expect([status, output]).toEqual([3, expect.stringMatching(RESET)]);
    await reset();
    await isItself(before);
    expect(cluster.testbed.kubeNode("hamal")?.spec.unschedulable ?? false).toBe(false);
  });

  test("that panics and reboots is left by itself for the former system", async () => {
    newKernel();
    cluster.testbed.setFault("hamal", "panics-and-reboots", await running());
    await hamal.isLeftBy(
      () => cluster.rollout(...QUICK),
      1,
      "hamal rebooted, but not into the built system: it did not get as far as systemd, or a person or its boot loader chose another one. It runs its previous system, which is also its boot default",
    );
    expect(hamal.boots()).toBe(1);
  });

  test.each([
    ["hangs before sshd", "hangs-before-sshd"],
    ["comes up without network", "no-network"],
  ])("that %s is left by itself for the former system", async (_, fault) => {
    newKernel();
    cluster.testbed.setFault("hamal", fault, await running());
    await hamal.isLeftBy(() => cluster.rollout(...QUICK, "--reboot-seconds", "20"), 1, REVERTED);
    expect(hamal.boots()).toBe(2);
  });

  test("with K3s dead is left by itself for the former system", async () => {
    const version = "v1.34.1+k3s1";
    await hamal.isLeftWith(
      { kernel: "6.12.99", "k3s-version": version, "k3s-hangs": version },
      [...QUICK, "--reboot-seconds", "20"],
      1,
      REVERTED,
    );
  });

  test.each([
    ["before its boot", "prepare the trial", "done", 0],
    ["while it boots", "boot on trial", "started", 0.7],
    ["while it is on trial", "boot on trial", "started", 3],
  ] as const)("is not booted again after a power cut %s", async (_, step, outcome, after) => {
    newKernel();
    const before = await hamal.state();
    const version = "v1.34.1+k3s1";
    cluster.testbed.setFault("hamal", "k3s-version", version);
    cluster.testbed.setFault("hamal", "k3s-hangs", version);
    cluster.testbed.forgetEvents();
    const { acted } = await cluster.testbed.interrupted(
      [...QUICK, "--confirm-seconds", "60"],
      cluster.folder,
      { when: { host: "hamal", step, outcome }, after, signal: "SIGKILL" },
    );
    expect(acted).toBe(true);
    await cut();
    // On a busy machine also later ones may be cut before it.
    const hasBooted = cluster.testbed.events().includes("hamal boot");
    await recover();
    // Cut before it, the boot on trial is still to come, once.
    if (!hasBooted) await reset();
    await isItself(before);
  });

  test.each([
    [
      "a filesystem that GRUB cannot write",
      "boot-filesystem",
      "btrfs",
      "GRUB cannot write the filesystem of /boot, btrfs",
    ],
    [
      "a device that GRUB cannot write",
      "boot-device",
      "/dev/dm-0",
      "GRUB cannot write the device of /boot, /dev/dm-0, which is LVM, RAID or encrypted",
    ],
    [
      "a menu that reads no one-time entry",
      undefined,
      "/next_entry/d",
      "its grub.cfg does not read next_entry",
    ],
    ["a menu with a password", undefined, '1i set superusers="root"', "its boot menu asks for a password"],
    [
      "another boot loader",
      undefined,
      "mv",
      "its boot loader is neither GRUB in /boot/grub nor systemd-boot",
    ],
  ])("is activated first, and that is said, with %s", async (_, fault, value, words) => {
    newKernel();
    if (fault !== undefined) cluster.testbed.setFault("hamal", fault, value);
    else
      await cluster.testbed.on(
        "hamal",
        value === "mv" ? "rm /boot/grub/grub.cfg" : `sed -i '${value}' /boot/grub/grub.cfg`,
      );
    const { output } = (await cluster.rollout(...PATIENT)).mustSucceed();
    expect(output).toContain(`its new system is its boot default before it is seen to boot, since ${words}`);
    expect(output).toMatch(/activate: [^]*confirm: [^]*make it the boot default: [^]*reboot: /);
  });

  test("that is on the host already, by a person, is booted without a trial, since no other system runs", async () => {
    (await cluster.rollout(...PATIENT)).mustSucceed();
    cluster.testbed.forgetEvents();
    cluster.testbed.setFault("hamal", "kernel", "6.12.300");
    await cluster.testbed.on("hamal", BY_HAND);
    const { output } = (await cluster.rollout("apply", "--on", "hamal", "--yes")).mustSucceed();
    expect(output).toContain("before it is seen to boot, since it runs that system already");
    expect(output).toMatch(/make it the boot default: [^]*reboot: /);
    expect(hamal.boots()).toBe(1);
  });

  test("is the boot default while it is on trial, and left by itself, where GRUB cannot boot it once", async () => {
    const version = "v1.34.1+k3s1";
    await hamal.isLeftWith(
      {
        "boot-filesystem": "btrfs",
        "switch-inhibited": "",
        "k3s-version": version,
        "k3s-hangs": version,
      },
      [...QUICK, "--boot", "--reboot-seconds", "20"],
      1,
      /its new system is its boot default before it is seen to boot, since GRUB cannot write the filesystem of \/boot, btrfs[^]*has reverted by itself, by another reboot/,
    );
  });

  test("is not booted when the boot loader does not keep what it is told", async () => {
    newKernel();
    cluster.testbed.setFault("hamal", "boot-forgets");
    await hamal.isLeftBy(
      () => cluster.rollout(...QUICK),
      1,
      /the boot loader could not be told to boot it once: it has no such entry, or kept nothing; the boot default is what it was/,
    );
    expect(hamal.boots()).toBe(0);
  });
});

/** What `nixos-rebuild switch` does there. */
const BY_HAND = `
cd /tmp
nixos-rebuild build --no-flake -I nixos-config=/etc/nixos/configuration.nix
nix-env -p /nix/var/nix/profiles/system --set "$(readlink -f result)"
result/bin/switch-to-configuration switch
`;
