/**
 * A restore on the operator's own machine, in real namespaces, of which nothing stays. K3s is a script that says what it sees and never
 * ends: `kubernetes/aside.test.ts` restores.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { remoteScript } from "../../src/render/remote-script";
import { AsideHere } from "../../src/rollout/aside-here";
import type { Restorable } from "../../src/rollout/restorable";
import { Log } from "../../src/rollout/log";
import { Redactor } from "../../src/rollout/secrets";
import { FIVE_NODES, ownTmpdir, temporaryFolder } from "../fixture";
import { described } from "../rollout/plan-context";
import { describeWith, LAB, ROOT } from "./tools";

const description = described(FIVE_NODES);
const [founder] = description.nodes;
if (founder === undefined) throw new Error("a cluster has a server");

async function until(what: () => boolean): Promise<void> {
  for (const end = performance.now() + 20_000; !what();) {
    if (performance.now() > end) throw new Error("not within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A K3s that says what it sees, and then does this. */
function k3sIn(folder: string, then = "exec sleep 1000"): string {
  const path = join(folder, "bin", "k3s");
  mkdirSync(join(folder, "bin"));
  const script = `#!/bin/sh
{
  ip -br link | cut -d' ' -f1
  env | grep ^K3S_
  cat /var/lib/rancher/k3s/token
  tr '\\0' '\\n' </proc/1/cmdline
} >${folder}/seen
mv ${folder}/seen ${folder}/reached
${then}
`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

const processesOf = (folder: string): string =>
  spawnSync("pgrep", ["-f", folder], { encoding: "utf8" }).stdout;

describeWith([...LAB, ROOT], "a restore on the operator's machine", () => {
  const what = (folder: string): Restorable => {
    const snapshot = join(folder, "snapshot");
    writeFileSync(snapshot, "snapshot");
    return {
      backup: { snapshot, manifest: { snapshot: { file: "snapshot" } } },
      token: "planted-token",
    } as unknown as Restorable;
  };
  /** Variables of `restore-here`, but for the operator. */
  const variables = (folder: string, k3s: string) => {
    const aside = join(folder, "aside");
    mkdirSync(aside);
    const { backup, token } = what(folder);
    const program = remoteScript("try-here", {
      aside,
      namespaces: "",
      flags: "",
      interface: "ens18",
      address: "172.22.0.134/24",
      reset_seconds: 600,
      snapshot: "snapshot",
    });
    const own = { path: backup.snapshot, snapshot: "snapshot", memory_mib: 1, namespaces: "" };
    return { aside, k3s, token, program, ...own };
  };

  const temporary = ownTmpdir();
  const asides = (): string[] => readdirSync(temporary.path).filter((name) => name.startsWith("k3s-drill-"));

  test.each([
    ["root", ""],
    ["anybody, in a user namespace", "--user --map-root-user"],
  ])(
    "of %s is hidden from the K3s that is there, and leaves nothing when it is stopped",
    async (_, namespaces) => {
      const folder = temporaryFolder();
      const log = new Log(join(folder, "logs"), new Redactor(), () => undefined);
      process.env.K3S_URL = "https://127.0.0.1:1";
      const place = new AsideHere(description, founder, k3sIn(folder), log, namespaces);
      const tried = place.try(what(folder)).catch((error: unknown) => error);
      try {
        await until(() => existsSync(join(folder, "reached")));
        expect(readFileSync(join(folder, "reached"), "utf8").split("\n")).toEqual([
          "lo",
          founder.nixos.networkInterface,
          "planted-token",
          "sh",
          expect.stringMatching(/k3s-drill-\w+\/program$/),
          "",
        ]);
      } finally {
        place.stop();
        delete process.env.K3S_URL;
      }
      expect(await tried).toBeInstanceOf(Error);
      await place.clear();
      expect(asides()).toEqual([]);
      await until(() => processesOf(join(temporary.path, "k3s-drill-")) === "");
    },
  );

  test("ends with the operator's program, also when that is killed", async () => {
    const folder = temporaryFolder();
    const operator = spawn("sleep", ["1000"]);
    const given = { ...variables(folder, k3sIn(folder)), operator: operator.pid ?? 0 };
    const child = spawn("/bin/sh", ["-s"], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.stdin?.end(remoteScript("restore-here", given));
    await until(() => existsSync(join(folder, "reached")));
    operator.kill("SIGKILL");
    await ended;
    await until(() => !existsSync(given.aside) && processesOf(given.aside) === "");
  });

  test("has nothing of the cluster left once it is over, and neither sees nor changes K3s of this machine", () => {
    const folder = temporaryFolder();
    const seen = join(folder, "k3s-saw");
    const k3s = k3sIn(
      folder,
      `for at in /etc/rancher /etc /var/lib/rancher /var/lib; do echo mark >$at/mark; done 2>/dev/null
cat /etc/rancher/config /var/lib/rancher/config >${seen} 2>/dev/null
exit 1`,
    );
    // What a machine with K3s has, whether this one has it or not.
    const machine = `mkdir -p "$0/lib/rancher"
cp -a /etc "$0/etc"
mkdir -p "$0/etc/rancher"
echo planted | tee "$0/etc/rancher/config" >"$0/lib/rancher/config"
mount --bind "$0/etc" /etc
mount --bind "$0/lib" /var/lib
exec /bin/sh -s`;
    const given = { ...variables(folder, k3s), operator: process.pid };
    const { stdout } = spawnSync("unshare", ["--mount", "sh", "-ec", machine, folder], {
      encoding: "utf8",
      input: remoteScript("restore-here", given),
      timeout: 20_000,
    });
    expect(stdout).toContain("@error K3s does not restore the snapshot (it ended with 1)");
    expect(existsSync(given.aside)).toBe(false);
    expect(readFileSync(seen, "utf8")).toBe("");
    expect(readdirSync(join(folder, "etc/rancher"))).toEqual(["config"]);
    expect(readdirSync(join(folder, "lib"))).toEqual(["rancher"]);
    expect(readdirSync(join(folder, "lib/rancher"))).toEqual(["config"]);
    expect(existsSync(join(folder, "etc/mark"))).toBe(false);
  });
});
