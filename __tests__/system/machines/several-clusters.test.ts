/** Two clusters of one app, whose machines are on one switch: what a rollout to one of them leaves of the other. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TerraformStack } from "cdktf";
import { parse } from "yaml";
import { HostFiles } from "../../../constructs";
import type { ClusterSettings } from "../../../src/config/settings";
import { makeOperatorKey } from "../../../testbed/machines/operator";
import { OPERATOR_ADDRESS } from "../../../testbed/machines/network";
import { Testbed } from "../../../testbed/machines/testbed";
import { addCluster, ALPHARD, ALTAIR, FURTHER, inside, REFERENCE, testApp } from "../../fixture";
import { describeWith } from "../tools";
import { Result } from "./cluster";
import { MACHINES } from "./tools";

/** @param uuid - of the root filesystem that `main.ts` states for the lab */
function emitBoth(folder: string, uuid: string): void {
  const own = {
    authorizedKeysFile: join(folder, "authorized_keys"),
    rollout: { tokenPath: "token" },
  } satisfies Partial<ClusterSettings>;
  const nixos = { ...FURTHER.nixos, rootFilesystem: { uuid } };
  const app = testApp();
  inside(folder, () => {
    new HostFiles(addCluster(app, [ALPHARD], { ...REFERENCE, ...own }), "nix");
    const lab = addCluster(new TerraformStack(app, "lab"), [ALTAIR], { ...FURTHER, ...own, nixos });
    new HostFiles(lab, "nix", { folder: "nix-lab" });
    app.synth();
  });
}

const UUID = "dd933e34-9e75-4a1c-8597-61e6d3b7af63";
const ANOTHER = "00000000-9e75-4a1c-8597-61e6d3b7af63";

/** Packets of the operator that alphard, of the cluster k3s, has got. */
const COUNTER = `table inet watched {
  chain input {
    type filter hook input priority -300
    ip saddr ${OPERATOR_ADDRESS} counter
  }
}`;

describeWith(MACHINES, "of two clusters, a rollout to one", () => {
  let folder: string;
  let testbed: Testbed;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "k3s-clusters-")); // longer than one test
    const key = makeOperatorKey(folder);
    const token = "planted-5ca1ab1e5ca1ab1e";
    writeFileSync(join(folder, "authorized_keys"), key.publicKey);
    writeFileSync(join(folder, "token"), `${token}\n`, { mode: 0o600 });
    emitBoth(folder, UUID);
    const former = (nix: string): string => join(folder, "former", nix);
    for (const nix of ["nix", "nix-lab"]) cpSync(join(folder, nix), former(nix), { recursive: true });
    emitBoth(folder, ANOTHER);
    for (const nix of ["nix", "nix-lab"])
      writeFileSync(join(folder, nix, "k3s-server", "local.nix"), "{ } # changed\n");
    const machines = {
      alphard: { state: "member", nix: former("nix") },
      altair: { state: "member", nix: former("nix-lab") },
    } as const;
    const emitted = { nix: join(folder, "nix"), further: join(folder, "nix-lab") };
    testbed = await Testbed.start({ ...emitted, machines }, key, token);
    const counting = await testbed.attempt("alphard", `nft -f - <<'END'\n${COUNTER}\nEND`);
    expect(counting).toMatchObject({ status: 0 });
  });
  afterAll(async () => {
    await testbed?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const rollout = async (...words: string[]): Promise<Result> =>
    new Result(await testbed.rollout(words, folder));

  const packetsToAlphard = async (): Promise<number> =>
    Number(/packets (\d+)/.exec(await testbed.on("alphard", "nft list table inet watched"))?.[1]);

  const textsIn = (logs: string): string =>
    readdirSync(join(folder, logs))
      .map((name) => readFileSync(join(folder, logs, name), "utf8"))
      .join("\n");

  test("plans it alone, and what it says to run runs as it stands", async () => {
    const planned = await rollout("plan", "--cluster", "lab");
    expect(planned.output).not.toContain("alphard");
    const [, command = ""] = /npm run rollout -- (.*)$/m.exec(planned.output) ?? [];
    expect(command).toBe("capture altair --cluster lab");
    (await rollout(...command.split(" "))).mustSucceed();
    expect((await rollout("plan", "--cluster", "lab")).mustSucceed().output).not.toContain("npm run");
  });

  test("changes its host, and sends the other's not a packet", async () => {
    (await rollout("apply", "--cluster", "lab", "--yes", "--accept-new-host-keys")).mustSucceed();
    expect(testbed.events("altair").join("\n")).toMatch(/^altair /);
    expect(testbed.events("alphard")).toEqual([]);
    expect(await packetsToAlphard()).toBe(0);
    expect(readFileSync(join(folder, "known_hosts"), "utf8")).toMatch(/^altair \S+ \S+\n$/);
    expect(readdirSync(join(folder, ".rollout"))).toEqual(["nix-lab"]);
  });

  test("locks the other's out neither from its hosts nor from its files", async () => {
    writeFileSync(join(folder, "nix-lab", "k3s-server", "local.nix"), "{ } # changed again\n");
    testbed.setFault("altair", "build-hangs");
    const toLab = rollout("apply", "--cluster", "lab", "--yes");
    const isBuilding = async (): Promise<boolean> =>
      (await testbed.attempt("altair", "pgrep -f nixos-rebuild")).status === 0;
    await testbed.until("altair builds", isBuilding);
    (await rollout("apply", "--cluster", "k3s", "--yes", "--accept-new-host-keys")).mustSucceed();
    testbed.clearFault("altair", "build-hangs");
    (await toLab).mustSucceed();
    expect(await packetsToAlphard()).toBeGreaterThan(0);
    expect(testbed.events("alphard").join("\n")).not.toContain("altair");
    expect(testbed.events("altair").join("\n")).not.toContain("alphard");
    expect(textsIn(".rollout/logs")).not.toContain("altair");
    expect(textsIn(".rollout/nix-lab/logs")).not.toContain("alphard");
  });

  test("has its own context in the operator's kubeconfig", async () => {
    const output = join(folder, "kubeconfig");
    for (const name of ["lab", "k3s"])
      (await rollout("kubeconfig", "--cluster", name, "--output", output)).mustSucceed();
    expect(parse(readFileSync(output, "utf8"))).toMatchObject({
      clusters: [
        { name: "k3s-lab", cluster: { server: "https://172.22.0.144:6443" } },
        { name: "k3s", cluster: { server: "https://172.22.0.134:6443" } },
      ],
    });
  });
});
