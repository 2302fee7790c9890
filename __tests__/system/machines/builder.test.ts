/** One machine that builds for all hosts, over SSH. Nix is a stand-in; `system/builder.test.ts` has the real one. */
import { readdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { ExitCode } from "../../../src/cli/exit-code";
import { REFERENCE } from "../../fixture";
import { describeWith } from "../tools";
import { THREE, type LiveCluster } from "./cluster";
import { changingHamal, type Hamal } from "./hamal";
import { MACHINES } from "./tools";

const NIXPKGS = {
  rev: "0123456789abcdef0123456789abcdef01234567",
  hash: "sha256-AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
};

const NIXOS = { ...REFERENCE.nixos, nixpkgs: NIXPKGS };

/** @param build - where systems are built. @default - on each host */
const built = (build?: string): object => ({ nixos: NIXOS, rollout: { tokenPath: "token", build } });

const APPLY = ["apply", "--yes", "--confirm-seconds", "30"];

describeWith(MACHINES, "systems that one host builds", () => {
  let cluster: LiveCluster;
  let hamal: Hamal;

  changingHamal((...those) => ([cluster, hamal] = those), THREE, THREE, { later: built("mizar") });

  afterEach(() => cluster.testbed.on("mizar", "rm -f /faults/*"));

  const builds = (): string[] => cluster.testbed.events().filter((event) => event.includes(" build "));
  const leftBehind = (host: string): Promise<string> =>
    cluster.testbed.on(host, "find /var/lib/k3s-rollout/builds -mindepth 1 ! -name lock ! -name nixpkgs");

  test("are copied to their hosts through this machine, activated there, and of the nixpkgs of main.ts", async () => {
    cluster.testbed.forgetEvents();
    await cluster.testbed.on("mizar", "echo '{ } # of mizar alone' >/etc/nixos/by-hand.nix");
    const plan = (await cluster.rollout("plan")).mustSucceed();
    expect(plan.stdout.trim().split("\n").at(-1)).toBe(
      "systems are built on mizar, and copied to their hosts",
    );
    const { stderr } = (await cluster.rollout(...APPLY)).mustSucceed();
    expect(stderr).toMatch(/^alphard +build on mizar: [\d.]+ s$/m);
    expect(stderr).toMatch(
      /^alphard +copy from mizar: \d store paths? copied, NixOS 25\.11\S*, K3s v1\.34\.2\+k3s1, no reboot \(/m,
    );
    expect(stderr).toMatch(/^mizar +check what was built: NixOS /m);
    expect(new Set(builds().map((event) => event.split(" ")[0]))).toEqual(new Set(["mizar"]));
    expect(builds()).toHaveLength(3);
    expect((await cluster.rollout("verify")).status).toBe(ExitCode.Done);
    const files = await cluster.testbed.on("hamal", "ls /etc/nixos; cat /etc/nixos/configuration.nix");
    expect(files).not.toContain("by-hand.nix");
    expect(files).toContain('networking.hostName = "hamal"');
    expect(await leftBehind("mizar")).toBe("");
  });

  test("are those that the hosts would build themselves, and only what a host lacks is copied", async () => {
    hamal.change();
    (await cluster.rollout(...APPLY)).mustSucceed();
    const imports = cluster.testbed.events().filter((event) => / (ex|im)port /.test(event));
    expect(imports).toEqual(["mizar export 1", "hamal import 1"]);
    const before = await hamal.state();
    cluster.emit(THREE, built());
    (await cluster.rollout(...APPLY, "--rebuild")).mustSucceed();
    expect(builds().map((event) => event.split(" ")[0])).toEqual(
      expect.arrayContaining(["alphard", "hamal"]),
    );
    expect(await hamal.state()).toBe(before);
  });

  test("of a builder that is down: no host is touched, and a plan says so", async () => {
    hamal.change();
    await cluster.testbed.powerOff("mizar");
    const why = /mizar cannot build the systems \(rollout\.build\): no SSH connection to 172\.22\.0\.136/;
    await hamal.isLeftBy(
      () => cluster.rollout(...APPLY, "--on", "hamal"),
      ExitCode.Unreachable,
      new RegExp(`${why.source}[^]*\\nNo host was changed`),
    );
    expect((await cluster.rollout("plan", "--on", "hamal")).output).toMatch(why);
    expect(builds()).toEqual([]);
    await cluster.testbed.powerOn("mizar");
  });

  test("of a build that fails: it is named after the host whose system it was", async () => {
    hamal.change();
    cluster.testbed.setFault("mizar", "build-fails");
    await hamal.isLeftBy(
      () => cluster.rollout(...APPLY, "--on", "hamal"),
      ExitCode.Failed,
      /hamal: build on mizar: exited with 1: error: attribute 'k3s_1_99' missing[^]*\nNo host was changed/,
    );
    cluster.testbed.clearFault("mizar", "build-fails");
    expect(await leftBehind("mizar")).toBe("");
  });

  test.each<[string, "hamal" | "mizar", string, RegExp]>([
    [
      "a full disk of the host",
      "hamal",
      "import-disk-full",
      /hamal: receive: its disk is full: nix-collect-garbage/,
    ],
    [
      "a builder's store that is damaged",
      "mizar",
      "export-fails",
      /hamal: copy from mizar: exited with 1: error: hash of path '\S+' has changed/,
    ],
    [
      "what does not arrive as it was sent",
      "hamal",
      "import-flips",
      /hamal: receive: 1 store paths have not arrived as they were sent, such as \/nix\/store\/\S+-hamal-25\.11, and were deleted/,
    ],
    [
      "a system of another host",
      "mizar",
      "other-hostname",
      /hamal: accept: \/nix\/store\/\S+ is not a NixOS system of hamal/,
    ],
  ])("stay out of the host with %s", async (_, at, fault, message) => {
    hamal.change();
    cluster.testbed.setFault(at, fault);
    const stored = (): Promise<string> => cluster.testbed.on("hamal", "ls -A /nix/store");
    const before = await stored();
    await hamal.isLeftBy(() => cluster.rollout(...APPLY, "--on", "hamal"), ExitCode.Failed, message);
    if (fault !== "other-hostname") expect(await stored()).toBe(before);
    cluster.testbed.clearFault(at, fault);
    (await cluster.rollout(...APPLY, "--on", "hamal")).mustSucceed();
  });

  const cuts: [string, string, "build-hangs" | "export-hangs" | "import-hangs", "mizar" | "hamal", object][] =
    [
      ["the program is killed in a build", "build on mizar", "build-hangs", "mizar", { signal: "SIGKILL" }],
      ["the connection is lost in a build", "build on mizar", "build-hangs", "mizar", { drop: "mizar" }],
      [
        "the program is killed while a host receives",
        "copy from mizar",
        "import-hangs",
        "hamal",
        { signal: "SIGKILL" },
      ],
      [
        "the builder's connection is lost in a copy",
        "copy from mizar",
        "export-hangs",
        "mizar",
        { drop: "mizar" },
      ],
      [
        "the host's connection is lost in a copy",
        "copy from mizar",
        "import-hangs",
        "hamal",
        { drop: "hamal" },
      ],
    ];
  test.each(cuts)(
    "leave a host as it was when %s, and the rerun finishes",
    async (_, step, fault, at, how) => {
      hamal.change();
      cluster.testbed.setFault(at, fault);
      const before = await hamal.state();
      const { acted, status } = await cluster.testbed.interrupted(
        [...APPLY, "--on", "hamal"],
        cluster.folder,
        {
          when: { host: "hamal", step, outcome: "started" },
          after: 1,
          ...how,
        },
      );
      expect([acted, status]).toEqual([true, "signal" in how ? "SIGKILL" : ExitCode.Unreachable]);
      cluster.testbed.clearFault(at, fault);
      expect(await hamal.state()).toBe(before);
      (await cluster.rollout(...APPLY, "--on", "hamal")).mustSucceed();
      expect(await hamal.state()).not.toBe(before);
    },
  );

  test("that this machine builds are copied from here, and only with Nix", async () => {
    hamal.change();
    cluster.emit(THREE, built("this machine"));
    const nix = join(cluster.testbed.folder, "operator", "bin", "nix-build");
    renameSync(nix, `${nix}.gone`);
    await hamal.isLeftBy(
      () => cluster.rolloutWith({ PATH: `${dirname(nix)}:/nowhere` }, ...APPLY, "--on", "hamal"),
      ExitCode.Refused,
      /nix-build is not in PATH, and a rollout that builds here needs it: install Nix/,
    );
    renameSync(`${nix}.gone`, nix);
    const { stdout, stderr } = (await cluster.rollout(...APPLY, "--on", "hamal")).mustSucceed();
    expect(stdout).toContain("systems are built on this machine, and copied to their hosts");
    expect(stderr).toMatch(/^hamal +copy from this machine: \d store paths? copied, NixOS /m);
    expect(builds()).toEqual([expect.stringMatching(/^operator build /)]);
    expect(readdirSync(join(cluster.folder, ".rollout", "builds")).sort()).toEqual(["lock", "nixpkgs"]);
    const own = await hamal.state();
    cluster.emit(THREE, built());
    (await cluster.rollout(...APPLY, "--on", "hamal", "--rebuild")).mustSucceed();
    expect(await hamal.state()).toBe(own);
  });

  test("leave no list of store paths in the logs", () => {
    const logs = join(cluster.folder, ".rollout", "logs");
    const texts = readdirSync(logs).map((name) => readFileSync(join(logs, name), "utf8"));
    expect(texts.join("")).not.toMatch(/@(path|missing) /);
  });
});
