/** Hosts that are built from the nixpkgs of main.ts, over SSH. Nix' download is a stand-in, `system/nixpkgs.test.ts` has the real one. */
import { REFERENCE } from "../../fixture";
import { describeWith } from "../tools";
import { LiveCluster, THREE } from "./cluster";
import { MACHINES } from "./tools";

const REV = "0123456789abcdef0123456789abcdef01234567";
const OTHER = "76543210fedcba9876543210fedcba9876543210";

const pinned = (rev: string, first: string): object => ({
  nixos: {
    ...REFERENCE.nixos,
    nixpkgs: { rev, hash: `sha256-${first}QIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=` },
  },
});

describeWith(MACHINES, "one nixpkgs for all hosts", () => {
  let cluster: LiveCluster;

  beforeAll(async () => (cluster = await LiveCluster.start(THREE, THREE, { later: pinned(REV, "A") })));
  afterAll(() => cluster?.stop());

  test("is what a rollout builds from, and a host says that it runs it", async () => {
    const before = await cluster.rollout("plan", "--on", "hamal");
    expect(before.stdout).toMatch(/^hamal: changed {2}NixOS 25\.11[^,]*, nixpkgs \?, K3s /);
    (await cluster.rollout("apply", "--on", "hamal", "--yes", "--confirm-seconds", "30")).mustSucceed();
    const after = (await cluster.rollout("plan", "--on", "hamal")).mustSucceed();
    expect(after.stdout).toMatch(/^hamal: unchanged {2}NixOS 25\.11[^,]*, nixpkgs 0123456789ab, K3s /);
  });

  test("that another host does not run yet is announced, and a fault of verify", async () => {
    cluster.emit(THREE, pinned(OTHER, "B"));
    const { stdout } = await cluster.rollout("plan", "--on", "mizar");
    expect(stdout.trim().split("\n").at(-1)).toBe(
      "hamal is not part of this rollout, and stays on nixpkgs 0123456789ab",
    );
    expect((await cluster.rollout("plan", "--on", "hamal")).stdout).toContain(
      "  - it runs nixpkgs 0123456789ab, and will run 76543210fedc\n",
    );
    const verified = await cluster.rollout("verify", "--on", "hamal,mizar");
    const [head = "", ...rows] = verified.stdout.split("\n");
    expect(head).toMatch(/ K3s +nixpkgs +ready /);
    expect(rows.slice(0, 2)).toEqual([
      expect.stringMatching(/^hamal .* 0123456789ab +yes /),
      expect.stringMatching(/^mizar .* \? +yes /),
    ]);
    expect([verified.status, verified.output]).toEqual([
      1,
      expect.stringMatching(
        / ! hamal: it runs nixpkgs 0123456789ab, not 76543210fedc\n[^]* ! mizar: it does not say which nixpkgs it runs/,
      ),
    ]);
  });

  test("that a host cannot download is told with the host, the revision and what to do, and nothing is built", async () => {
    cluster.testbed.setFault("hamal", "no-nixpkgs");
    cluster.testbed.forgetEvents();
    const { status, output } = await cluster.rollout("apply", "--on", "hamal", "--yes");
    expect([status, output]).toEqual([
      1,
      expect.stringMatching(
        new RegExp(
          `hamal: build: nixpkgs ${OTHER} cannot be had from https://github\\.com/NixOS/nixpkgs/archive/${OTHER}\\.tar\\.gz: error: unable .*\\. Make the host reach it, .*\\nNo host was changed`,
        ),
      ),
    ]);
    expect(cluster.testbed.events()).toEqual([]);
  });
});
