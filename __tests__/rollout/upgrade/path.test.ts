import {
  hopOf,
  isDue,
  isMinorHop,
  isOneWay,
  nextStatements,
  pathFaults,
  pathInWords,
  type Goal,
  type HostPath,
} from "../../../src/rollout/upgrade/path";

const OLD = { nixos: "25.11", k3s: "v1.34.2+k3s1" };

/** A host that stays as it is. */
const host = (hostname: string, more: Partial<HostPath> = {}): HostPath => ({
  hostname,
  role: hostname === "alphard" ? "server" : "agent",
  runs: OLD,
  builds: more.runs ?? OLD,
  release: (more.builds ?? more.runs ?? OLD).nixos,
  stateVersion: "25.11",
  installedWith: "25.11",
  options: new Map(),
  etcd: "3.6.7",
  deprecated: [],
  ...more,
});

/** A server and an agent on one version, to another. */
const all = (from: string, to: string, more: Partial<HostPath> = {}): HostPath[] =>
  ["alphard", "hamal"].map((name) =>
    host(name, { runs: { ...OLD, k3s: from }, builds: { ...OLD, k3s: to }, ...more }),
  );

const faults = (paths: readonly HostPath[], goal: Goal = {}): string[] => pathFaults(paths, goal);

describe("a path of K3s", () => {
  test("of one minor is safe, and of another patch", () => {
    expect(faults(all("v1.34.2+k3s1", "v1.35.1+k3s1"), { k3s: "1.35" })).toEqual([]);
    expect(faults(all("v1.34.2+k3s1", "v1.34.9+k3s1"), { k3s: "1.34" })).toEqual([]);
  });

  test("goes over each minor, and says what to state first", () => {
    expect(faults(all("v1.34.2+k3s1", "v1.36.1+k3s1"))).toEqual([
      'K3s goes one minor at a time, 1.34 → 1.35 → 1.36, and main.ts leads to 1.36: state k3s: { package: "k3s_1_35" } first',
    ]);
  });

  test("begins at the oldest server: an interrupted one is no jump", () => {
    const [server, agent] = all("v1.34.2+k3s1", "v1.35.1+k3s1") as [HostPath, HostPath];
    const done = host("acrux", { ...server, hostname: "acrux", runs: server.builds });
    expect(faults([server, done, agent])).toEqual([]);
    expect(isDue(done)).toBe(false);
  });

  test("has no way back until the last agent has it, though servers get no other minor any more", () => {
    const [server, agent] = all("v1.34.2+k3s1", "v1.35.1+k3s1") as [HostPath, HostPath];
    const hop = hopOf([{ ...server, runs: server.builds }, agent]);
    expect([isMinorHop(hop), isOneWay(hop)]).toEqual([false, true]);
    expect(isOneWay(hopOf(all("v1.34.2+k3s1", "v1.34.9+k3s1")))).toBe(false);
  });

  test("does not lead back, also not on one host", () => {
    const [server, agent] = all("v1.34.2+k3s1", "v1.34.2+k3s1") as [HostPath, HostPath];
    const newer = { ...agent, runs: { ...OLD, k3s: "v1.35.0+k3s1" } };
    expect(faults([server, newer])).toEqual([
      expect.stringMatching(
        /^hamal has a newer K3s than 1\.34: K3s has no way back to an older minor but a snapshot/,
      ),
    ]);
  });

  test("does not lead beyond what was asked for", () => {
    expect(faults(all("v1.33.9+k3s1", "v1.34.2+k3s1"), { k3s: "1.33" })).toEqual([
      'main.ts leads to K3s 1.34, and you asked for 1.33: state k3s: { package: "k3s_1_33" }',
    ]);
  });

  test("leaves no agent more than three minors behind", () => {
    const [server, agent] = all("v1.34.2+k3s1", "v1.35.1+k3s1") as [HostPath, HostPath];
    const runs = (k3s: string): HostPath => ({ ...agent, runs: { ...OLD, k3s } });
    expect(faults([server, runs("v1.32.1+k3s1")])).toEqual([]);
    expect(faults([server, runs("v1.31.1+k3s1")])).toEqual([
      "hamal has K3s v1.31.1+k3s1, which is more than 3 minors older than 1.35: roll out to it first",
    ]);
  });

  test("needs one minor for all hosts, and a nixpkgs that has it", () => {
    const [server, agent] = all("v1.34.2+k3s1", "v1.35.1+k3s1") as [HostPath, HostPath];
    expect(faults([server, { ...agent, builds: OLD }])).toEqual([
      "hosts would get different minors of K3s: alphard v1.35.1+k3s1, hamal v1.34.2+k3s1. Build them from one nixpkgs",
    ]);
    expect(faults([server, { ...agent, builds: { ...OLD, k3s: "" } }])).toEqual([
      "nixpkgs does not have the package of K3s that main.ts names, for hamal",
    ]);
  });

  test("does not lead to a bad release, but a cluster may run one", () => {
    expect(faults(all("v1.25.9+k3s1", "v1.26.3+k3s1"))).toEqual([
      expect.stringMatching(/^nixpkgs has K3s v1\.26\.3\+k3s1: .*k3s\/issues\/7203\)$/),
    ]);
    expect(faults(all("v1.26.3+k3s1", "v1.26.3+k3s1"))).toEqual([]);
  });

  test("needs etcd 3.5.26 on each server before K3s 1.34, and nowhere else", () => {
    const to134 = (etcd: string): string[] => faults(all("v1.33.5+k3s1", "v1.34.2+k3s1", { etcd }));
    expect(to134("3.5.26")).toEqual([]);
    for (const etcd of ["3.5.21", ""])
      expect(to134(etcd)).toEqual([
        expect.stringMatching(
          /^alphard has etcd (3\.5\.21|of unknown version), and needs 3\.5\.26 before K3s 1\.34, .*k3s\/issues\/13485\): upgrade to K3s v1\.33\.7\+k3s3 or a later 1\.33 first, by --k3s 1\.33 /,
        ),
      ]);
    expect(faults(all("v1.32.5+k3s1", "v1.33.2+k3s1", { etcd: "3.5.21" }))).toEqual([]);
    expect(faults(all("v1.34.2+k3s1", "v1.35.2+k3s1", { etcd: "3.6.4" }))).toEqual([]);
    expect(faults(all("v1.33.5+k3s1", "v1.33.9+k3s1", { etcd: "3.5.21" }))).toEqual([]);
  });

  test("waits until nothing asks for what the new minor no longer has", () => {
    const deprecated = [
      { version: "policy/v1beta1", resource: "poddisruptionbudgets", removed: "1.35" },
      { version: "x/v1", resource: "later", removed: "1.36" },
    ];
    expect(faults(all("v1.34.2+k3s1", "v1.35.1+k3s1", { deprecated }))).toEqual([
      expect.stringMatching(
        /^something in the cluster asks for poddisruptionbudgets of policy\/v1beta1, which Kubernetes 1\.35 no longer has: /,
      ),
    ]);
    expect(faults(all("v1.34.2+k3s1", "v1.34.9+k3s1", { deprecated }))).toEqual([]);
    expect(faults(all("v1.34.2+k3s1", "v1.35.1+k3s1", { deprecated: undefined }))).toEqual([
      "the API of alphard does not say which deprecated APIs are in use (/metrics)",
    ]);
  });
});

describe("a path of NixOS", () => {
  const to = (nixos: string, more: Partial<HostPath> = {}): HostPath[] =>
    ["alphard", "hamal"].map((name) => host(name, { builds: { ...OLD, nixos }, release: nixos, ...more }));

  test("of one release is safe", () => {
    expect(faults(to("26.05"), { nixos: "26.05" })).toEqual([]);
  });

  test("goes over each release, not back, and not beyond what was asked for", () => {
    expect(faults(to("26.11"))).toEqual([
      'alphard, hamal: NixOS goes one release at a time, 25.11 → 26.05 → 26.11, and main.ts leads to 26.11: state nixos: { release: "26.05" } first',
    ]);
    expect(faults(to("25.05"))).toEqual([
      expect.stringMatching(/^alphard, hamal: NixOS 25\.05 is older than the 25\.11 that runs/),
    ]);
    expect(faults(to("26.05"), { nixos: "25.11" })).toEqual([
      'alphard, hamal: main.ts leads to NixOS 26.05, and you asked for 25.11: state nixos: { release: "25.11" }',
    ]);
  });

  test("needs a nixpkgs of the release that main.ts states", () => {
    expect(faults(to("25.11", { release: "26.05" }))).toEqual([
      "alphard, hamal: main.ts states NixOS 26.05, and nixpkgs is of 25.11: pin one of 26.05 (npm run nixpkgs -- update)",
    ]);
  });

  test("leaves stateVersion as it is", () => {
    expect(faults(to("26.05", { stateVersion: "26.05" }))[0]).toBe(
      "alphard was installed with NixOS 25.11, and main.ts states 26.05: an upgrade leaves nixos.stateVersion as it is",
    );
  });

  test("names removed options in an owner's files, with what to state instead", () => {
    const options = new Map([
      ["local.nix", new Set(["system.rebuild.enableNg", "boot.readOnlyNixStore"])],
      ["wlan.nix", new Set(["networking.wireless.userControlled.enable"])],
    ]);
    expect(
      faults([
        host("hamal", { builds: { ...OLD, nixos: "26.05" }, release: "26.05", role: "server", options }),
      ]),
    ).toEqual([
      "hamal: local.nix states system.rebuild.enableNg, which NixOS 26.05 no longer has: remove it",
      "hamal: wlan.nix states networking.wireless.userControlled.enable, which NixOS 26.05 no longer has: see networking.wireless.userControlled",
    ]);
  });
});

test("what main.ts has to state next is the next step to the goal", () => {
  const paths = all("v1.33.5+k3s1", "v1.34.2+k3s1");
  expect(nextStatements(paths, { k3s: "1.36", nixos: "26.05" })).toEqual([
    'nixos: { release: "26.05" }',
    'k3s: { package: "k3s_1_35" }',
  ]);
  expect(nextStatements(paths, { k3s: "1.34" })).toEqual([]);
  expect(nextStatements(paths, {})).toEqual([]);
});

test("the whole path is said, from what runs to what was asked for", () => {
  expect(pathInWords(all("v1.33.5+k3s1", "v1.34.2+k3s1"), { k3s: "1.35", nixos: "26.05" })).toBe(
    "NixOS 25.11 → 26.05, K3s 1.33 → 1.34 → 1.35",
  );
  expect(pathInWords(all("v1.34.1+k3s1", "v1.34.2+k3s1"), {})).toBe("NixOS 25.11, K3s 1.34");
});
