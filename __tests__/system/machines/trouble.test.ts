/** Each bad condition has one clear message and an exit code, and leaves the hosts as they were. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExitCode } from "../../../src/cli/exit-code";
import { describeWith } from "../tools";
import { changingHamal, type Hamal } from "./hamal";
import { type LiveCluster, THREE, TOKEN, type Result } from "./cluster";
import { MACHINES } from "./tools";

const APPLY = ["apply", "--yes", "--confirm-seconds", "5"] as const;

const PATIENT = ["apply", "--yes"] as const;

describeWith(MACHINES, "bad conditions", () => {
  let cluster: LiveCluster;
  let hamal: Hamal;

  changingHamal((...started) => ([cluster, hamal] = started), THREE);

  const leavesHamal = (
    exitCode: ExitCode,
    message: string | RegExp,
    apply: () => Promise<Result>,
  ): Promise<void> => hamal.isLeftBy(apply, exitCode, message);

  const withFault = (
    fault: string,
    value: string,
    exitCode: ExitCode,
    message: string | RegExp,
  ): Promise<void> => hamal.isLeftWith({ [fault]: value }, APPLY, exitCode, message);

  test("a build that fails", () =>
    withFault(
      "build-fails",
      "",
      1,
      /hamal: build: exited with 1: error: attribute 'k3s_1_99' missing[^]*No host was changed/,
    ));

  test("a disk that is full", () =>
    withFault(
      "disk-full",
      "",
      1,
      /hamal: build: its disk is full: nix-collect-garbage -d there, or grow the disk[^]*No host was changed/,
    ));

  test("a boot loader that cannot be written", async () => {
    await withFault(
      "boot-loader-fails",
      "",
      1,
      /has reverted by itself to its previous system, which is also its boot default: the boot loader could not be written/,
    );
    await cluster.testbed.on("hamal", "rm -f /boot/was-there");
  });

  test("a boot default that can be neither set nor restored: the host still reverts", () =>
    withFault(
      "profile-fails",
      "",
      1,
      /has reverted by itself to its previous system, which is also its boot default: the system could not be made the boot default/,
    ));

  test("K3s does not start: its last words are shown", async () => {
    hamal.change();
    cluster.testbed.setFault("hamal", "k3s-version", "v1.34.1+k3s1");
    cluster.testbed.setFault("hamal", "k3s-fails");
    await leavesHamal(
      1,
      /hamal was not confirmed and has reverted by itself[^]*flag provided but not defined/,
      () => cluster.rollout(...APPLY),
    );
    cluster.testbed.clearFault("hamal", "k3s-fails");
    cluster.testbed.clearFault("hamal", "k3s-version");
    await cluster.testbed.until(
      "hamal is Ready again",
      async () => (await cluster.rollout("verify", "--on", "mizar")).status === 0,
    );
  });

  test("an agent whose K3s would be newer than a server's", () =>
    withFault(
      "k3s-version",
      "v1.34.3+k3s1",
      4,
      /hamal would run K3s v1\.34\.3\+k3s1, which is newer than that of alphard: apply --rebuild --on alphard first\nNo host was changed/,
    ));

  test("K3s of a server hangs in its start, which has no time-out", async () => {
    writeFileSync(join(cluster.folder, "nix", "k3s-server", "local.nix"), "{ } # hangs\n");
    cluster.testbed.forgetEvents();
    cluster.testbed.setFault("alphard", "k3s-version", "v1.34.2+k3s2");
    cluster.testbed.setFault("alphard", "k3s-hangs");
    const before = await hamal.state("alphard");
    const { status, output } = await cluster.rollout(...APPLY);
    expect([status, output]).toEqual([
      1,
      expect.stringContaining("alphard was not confirmed and has reverted by itself"),
    ]);
    expect(output).toContain("the activation has not finished");
    expect(output).toContain("Not touched: hamal. Run the same command again to continue");
    expect(cluster.testbed.events().filter((event) => event.startsWith("hamal activate"))).toEqual([]);
    expect(await hamal.state("alphard")).toBe(before);
    cluster.testbed.clearFault("alphard", "k3s-hangs");
    cluster.testbed.clearFault("alphard", "k3s-version");
    rmSync(join(cluster.folder, "nix", "k3s-server", "local.nix"));
    await cluster.testbed.until(
      "all is well again",
      async () => (await cluster.rollout("verify")).status === 0,
    );
  });

  test("the operator's clock jumps by a day, back and forth: no time limit ends early", async () => {
    hamal.change();
    cluster.testbed.setFault("hamal", "kernel", "6.12.10");
    const jumping = join(cluster.folder, "jumping.cjs");
    writeFileSync(jumping, "const now = Date.now; let n = 0; Date.now = () => now() + (n++ % 3) * 86400e3;");
    (await cluster.rolloutWith({ NODE_OPTIONS: `--require ${jumping}` }, ...PATIENT)).mustSucceed();
    cluster.testbed.clearFault("hamal", "kernel");
  });

  test("a host's clock shows the same time twice: each former /etc/nixos is kept", async () => {
    cluster.testbed.setFault("hamal", "clock", "2001-01-01 00:00:00Z");
    const changes: number[] = [];
    for (let times = 0; times < 3; times++) {
      changes.push(hamal.change());
      (await cluster.rollout(...PATIENT)).mustSucceed();
    }
    cluster.testbed.clearFault("hamal", "clock");
    const copies = await cluster.testbed.on("hamal", "cat /etc/nixos.2001-01-01T00-00-00Z*/local.nix");
    expect(copies.match(/# \d+/g)?.sort()).toEqual(changes.map((change) => `# ${change - 1}`).sort());
  });

  test("a disruption budget that holds a pod: it is named, and the node takes pods again", async () => {
    hamal.change();
    cluster.testbed.setFault("hamal", "kernel", "6.12.9");
    cluster.testbed.addPod("precious", "hamal", { held: true });
    cluster.testbed.addPod("scratch", "hamal", { emptyDir: true });
    await leavesHamal(
      1,
      /pods whose emptyDir will be lost: default\/scratch[^]*hamal could not be drained, and was left as it is:\n[^]*disruption budget[^]*global timeout reached: 1s\n {2}default\/precious is still there\n/,
      () => cluster.rollout(...APPLY, "--drain-seconds", "1"),
    );
    expect(cluster.testbed.events().filter((event) => event.includes("cordon"))).toEqual([
      "alphard kubectl cordon hamal",
      "alphard kubectl uncordon hamal",
    ]);
    cluster.testbed.clearFault("hamal", "kernel");
    cluster.testbed.removePod("precious");
  });

  test("a pod without a controller: it is found before anything is changed, and deleted when that is said", async () => {
    hamal.change();
    cluster.testbed.setFault("hamal", "kernel", "6.12.8");
    cluster.testbed.addPod("by-hand", "hamal", { bare: true });
    const { output } = await cluster.rollout("plan");
    expect(output).toMatch(
      /hamal: changed .*\n {2}- default\/by-hand has no controller that would recreate it on another node: if a reboot is needed, apply needs --force-bare-pods/,
    );
    const refusal =
      /hamal cannot be drained: default\/by-hand has no controller[^]*--force-bare-pods deletes such pods for good\nNo host was changed/;
    await leavesHamal(4, refusal, () => cluster.rollout(...APPLY));
    expect(cluster.testbed.events().filter((event) => !event.startsWith("hamal build"))).toEqual([]);
    const removal = await cluster.rollout("remove", "hamal", "--yes");
    expect(removal.output).toMatch(
      /hamal cannot be removed: hamal cannot be drained: default\/by-hand has no controller/,
    );
    const forced = (await cluster.rollout(...PATIENT, "--force-bare-pods")).mustSucceed();
    expect(forced.output).toContain("pods without a controller, deleted for good: default/by-hand");
    cluster.testbed.clearFault("hamal", "kernel");
  });

  test("a host that is down, and the others are not touched", async () => {
    hamal.change();
    await cluster.testbed.powerOff("mizar");
    await leavesHamal(
      3,
      /mizar: unreachable[^]*no SSH connection to 172\.22\.0\.136[^]*mizar is unreachable\nNo host was changed/,
      () => cluster.rollout(...APPLY),
    );
    expect(cluster.testbed.events()).toEqual([]);
    await cluster.testbed.powerOn("mizar");
    await cluster.testbed.until(
      "mizar is Ready again",
      async () => (await cluster.rollout("verify", "--on", "mizar")).status === 0,
    );
  });

  test("another machine at the address: its key is not the one that was pinned", async () => {
    hamal.change();
    await cluster.testbed.on(
      "hamal",
      "cd /etc/ssh && mkdir kept && mv ssh_host_* kept && ssh-keygen -q -t ed25519 -N '' -f ssh_host_ed25519_key && systemctl restart sshd",
    );
    await leavesHamal(
      3,
      /hamal: unreachable[^]*has another SSH host key than the one pinned in known_hosts[^]*ssh-keygen -R hamal -f known_hosts/,
      () => cluster.rollout(...APPLY),
    );
    await cluster.testbed.on("hamal", "cd /etc/ssh && mv kept/* . && rmdir kept && systemctl restart sshd");
  });

  test("a key that no host accepts", async () => {
    const stranger = join(cluster.folder, "stranger");
    await cluster.testbed.operator(
      ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", stranger],
      cluster.folder,
    );
    await leavesHamal(3, /root@172\.22\.0\.135 accepts none of your SSH keys: run ssh-add with/, () =>
      cluster.rolloutWith({ OPERATOR_KEY: stranger }, ...APPLY),
    );
  });

  test("two rollouts at once: the second says who has the lock", async () => {
    hamal.change();
    cluster.testbed.setFault("hamal", "build-hangs");
    const first = cluster.rollout(...PATIENT);
    await cluster.testbed.until(
      "the first has the lock",
      async () => (await cluster.testbed.on("alphard", "cat /run/k3s-rollout.lock || true")) !== "",
    );
    const second = await cluster.rollout(...PATIENT);
    // In a PID namespace without the first one's process, and then also without an API.
    const main = cluster.testbed.program;
    const contained = ["unshare", "-pf", "--mount-proc", process.execPath, main, "rollout", ...PATIENT];
    const third = await cluster.testbed.operator(contained, cluster.folder);
    cluster.testbed.setFault("alphard", "api-not-ready");
    const fourth = await cluster.testbed.operator(contained, cluster.folder);
    cluster.testbed.clearFault("alphard", "api-not-ready");
    cluster.testbed.clearFault("hamal", "build-hangs");
    const held = (place: string): RegExp =>
      new RegExp(
        `Another rollout is running: \\S+@\\S+, process \\d+, for \\d+ s, renewed \\d+ s ago \\(lock on ${place}\\)`,
      );
    expect([second.status, second.output]).toEqual([4, expect.stringMatching(held("the Kubernetes API"))]);
    expect([third.status, third.stderr]).toEqual([4, expect.stringMatching(held("the Kubernetes API"))]);
    expect([fourth.status, fourth.stderr]).toEqual([4, expect.stringMatching(held("alphard"))]);
    (await first).mustSucceed();
  });

  test("Ctrl-C: what has begun is finished, and nothing else is begun", async () => {
    hamal.change();
    writeFileSync(join(cluster.folder, "nix", "k3s-server", "local.nix"), "{ } # not begun\n");
    const { status, said } = await cluster.testbed.interrupted([...PATIENT], cluster.folder, {
      when: { host: "hamal", step: "activate", outcome: "started" },
      signal: "SIGINT",
    });
    expect(said).toContain("Stopping: hosts that are being changed will be finished, and no others started");
    expect(said).toContain(
      "Stopped as you asked.\\nNot touched: alphard. Run the same command again to continue",
    );
    expect(status).toBe(130);
    expect(cluster.testbed.events().some((event) => event.startsWith("hamal boot-default"))).toBe(true);
    expect(cluster.testbed.events().some((event) => event.startsWith("alphard activate"))).toBe(false);
    (await cluster.rollout(...PATIENT)).mustSucceed();
  });

  test("another token than the host's is not installed", async () => {
    hamal.change();
    const path = join(cluster.folder, "token");
    writeFileSync(path, "another-5ca1ab1e5ca1ab1e\n");
    await leavesHamal(
      4,
      /hamal: refused[^]*its join token at [^]* is another one[^]*rollout -- rotate token/,
      () => cluster.rollout(...APPLY),
    );
    expect(cluster.testbed.events()).toEqual([]);
    writeFileSync(path, `${TOKEN}\n`);
  });

  test("a cordon of somebody else's: the node reboots, stays cordoned, and that is said", async () => {
    writeFileSync(join(cluster.folder, "nix", "k3s-agent-1", "local.nix"), "{ } # kernel\n");
    cluster.testbed.setFault("mizar", "kernel", "6.12.9");
    await cluster.testbed.on("alphard", "kubectl cordon mizar");
    cluster.testbed.forgetEvents();
    const { status, output } = await cluster.rollout(...PATIENT);
    expect([status, output]).toEqual([1, expect.stringContaining("mizar: it is cordoned")]);
    const events = cluster.testbed.events().filter((event) => /cordon|reboot/.test(event));
    expect(events).toEqual([expect.stringMatching(/^mizar reboot/)]);
    expect(cluster.testbed.kubeNode("mizar")?.spec.unschedulable).toBe(true);
    await cluster.testbed.on("alphard", "kubectl uncordon mizar");
  });
});
