/**
 * `upgrade` on machines with real SSH servers. Nix, NixOS and K3s are stand-ins: their nixpkgs has a K3s for each minor, and another
 * kernel for another release.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agent, REFERENCE, server } from "../../fixture";
import { schemaFaults } from "../../json-schema";
import { describeWith } from "../tools";
import { LiveCluster, type Result } from "./cluster";
import { MACHINES } from "./tools";

const NODES = [
  server("k3s-server", "alphard", 134, { clusterInit: true }),
  agent("k3s-agent", "hamal", 135),
  agent("k3s-agent-1", "mizar", 136),
];

const k3s = (minor: string, more: object = {}): object => ({
  k3s: { ...REFERENCE.k3s, package: `k3s_1_${minor}`, ...more },
});
const nixos = (release: string): object => ({ nixos: { ...REFERENCE.nixos, release } });

const FAST = ["--yes", "--soak", "1", "--confirm-seconds", "30", "--drain-seconds", "10"];

describeWith(MACHINES, "an upgrade", () => {
  let cluster: LiveCluster;

  beforeAll(async () => (cluster = await LiveCluster.start(NODES, NODES, { settings: k3s("34") })));
  afterAll(() => cluster?.stop());

  const upgrade = (...words: string[]): Promise<Result> => cluster.rollout("upgrade", ...words, ...FAST);

  const joined = (): string[] =>
    cluster.testbed
      .events()
      .filter((event) => / joined v/.test(event))
      .map((event) => event.split(" ")[0] as string);

  /** No machine was changed, and nothing was built or copied. */
  function expectNothingDone(): void {
    expect(cluster.testbed.events().filter((event) => !/ kubectl /.test(event))).toEqual([]);
    expect(existsSync(join(cluster.folder, "backups"))).toBe(false);
  }

  test("says what main.ts has to state, with the whole path, and changes nothing", async () => {
    const { status, output } = await upgrade("--k3s", "1.36");
    expect([status, output]).toEqual([
      4,
      expect.stringContaining("Path: NixOS 25.11, K3s 1.34 → 1.35 → 1.36\n"),
    ]);
    expect(output).toContain(
      'main.ts does not lead there yet, and an upgrade changes no file of yours: state k3s: { package: "k3s_1_35" } in main.ts, npm run synth, and run the same command again',
    );
    expectNothingDone();
  });

  test("tells a program what it would do", async () => {
    const { stdout } = await upgrade("--k3s", "1.36", "--json");
    const document = JSON.parse(stdout.split("\n")[0] ?? "") as { upgrade: { next: string[] } };
    expect(schemaFaults("rollout#upgrade", document)).toEqual([]);
    expect(document.upgrade.next).toEqual(['k3s: { package: "k3s_1_35" }']);
  });

  test("refuses everything that is unsafe at once, before anything is built", async () => {
    cluster.emit(NODES, { ...k3s("35"), ...nixos("26.05") });
    const local = join(cluster.folder, "nix", "k3s-agent", "local.nix");
    writeFileSync(local, "{ system.rebuild.enableNg = true; }\n");
    const deprecated = join(cluster.testbed.clusterFolder, "deprecated-apis");
    writeFileSync(deprecated, "policy v1beta1 poddisruptionbudgets 1.35\n");
    const { status, output } = await upgrade("--k3s", "1.35");
    rmSync(local);
    rmSync(deprecated);
    expect(status).toBe(4);
    expect(output).toContain(
      "something in the cluster asks for poddisruptionbudgets of policy/v1beta1, which Kubernetes 1.35 no longer has",
    );
    expect(output).toContain(
      "hamal: local.nix states system.rebuild.enableNg, which NixOS 26.05 no longer has: remove it",
    );
    expect(output).toContain("Nothing was changed");
    expectNothingDone();
  });

  test("of NixOS: a backup that restores, the emptiest agent, a pause, servers one by one, agents", async () => {
    const file = join(cluster.folder, "add-on.json");
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "add-on" } };
    writeFileSync(file, JSON.stringify(object));
    cluster.emit(NODES, { ...k3s("34", { manifests: [file] }), ...nixos("26.05") });
    cluster.testbed.addPod("busy", "hamal");
    cluster.testbed.forgetEvents();
    const { output } = (await upgrade("--nixos", "26.05")).mustSucceed();
    expect(output).toMatch(/Path: NixOS 25\.11 → 26\.05, K3s 1\.34\n/);
    expect(output).toMatch(
      /hamal +agent +NixOS 25\.11 → 26\.05 +K3s v1\.34\.2\+k3s1 +Linux 6\.12\.1 → 6\.18\.1 +reboots, 1 pod move/,
    );
    expect(output).toContain(
      "Order: backup and drill; mizar, the agent with the fewest pods, and a pause; servers one by one; agents",
    );
    expect(output).toMatch(
      /Way back: revert the change of main\.ts, npm run synth, put the former channel back/,
    );
    expect(output).toMatch(/mizar +soak: nothing was wrong with it/);
    expect(output).toContain(
      "manifests: 1 of 1 objects\n  ConfigMap default/add-on: new\nNothing of this is applied here. To apply it: npm run rollout -- apply\n",
    );
    expect(joined()).toEqual(["mizar", "alphard", "hamal"]);
    const [backup] = readdirSync(join(cluster.folder, "backups")).filter((name) => /^\d{8}T/.test(name));
    expect(readFileSync(join(cluster.folder, "backups", "drills.jsonl"), "utf8")).toContain(
      `"backup":"backups/${backup}"`,
    );
    for (const { hostname } of NODES)
      expect(
        await cluster.testbed.on(hostname, "cat /root/.nix-channels /run/booted-system/nixos-version"),
      ).toBe("https://nixos.org/channels/nixos-26.05 nixos\n26.05.20261101.abcdef0\n");
    const again = (await upgrade("--nixos", "26.05")).mustSucceed();
    expect(again.output).not.toContain("Order:");
  });

  test("of a minor of K3s: servers first, with a pause after the first, and one agent before the others", async () => {
    cluster.emit(NODES, { ...k3s("35"), ...nixos("26.05") });
    cluster.testbed.forgetEvents();
    const { output } = (await upgrade("--k3s", "1.36")).mustSucceed();
    expect(output).toContain(
      "After that there is none but the backup that is made first: K3s 1.34 does not read what 1.35 wrote",
    );
    expect(joined()[0]).toBe("alphard");
    expect(joined().length).toBe(3);
    expect(output).toMatch(/alphard +soak/);
    expect(output).toContain(
      'this step of the path is done. Next: state k3s: { package: "k3s_1_36" } in main.ts, npm run synth, and run the same command again',
    );
  });

  test("waits for no other rollout", async () => {
    cluster.emit(NODES, { ...k3s("36"), ...nixos("26.05") });
    const other = upgrade("--k3s", "1.36");
    await cluster.testbed.until("the other one has the lock", async () =>
      (await cluster.testbed.on("alphard", "ls /run/k3s-rollout.lock 2>/dev/null || true")).includes("lock"),
    );
    expect((await upgrade("--k3s", "1.36")).output).toContain("Another rollout is running");
    (await other).mustSucceed();
    expect((await upgrade("--k3s", "1.36")).output).not.toContain("Next:");
  });

  test("an older K3s is refused, since there is no way back", async () => {
    cluster.emit(NODES, { ...k3s("34"), ...nixos("26.05") });
    const { status, output } = await upgrade("--k3s", "1.34");
    expect([status, output]).toEqual([
      4,
      expect.stringMatching(/has a newer K3s than 1\.34: K3s has no way back/),
    ]);
  });
});
