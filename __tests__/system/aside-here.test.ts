/**
 * A restore on the operator's own machine, in real namespaces, of which nothing stays. K3s is a script that says what it sees and never
 * ends: `kubernetes/aside.test.ts` restores.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { remoteScript } from "../../src/render/remote-script";
import { AsideHere } from "../../src/rollout/aside-here";
import type { Restorable } from "../../src/rollout/restorable";
import { Log } from "../../src/rollout/log";
import { Redactor } from "../../src/rollout/secrets";
import { FIVE_NODES, temporaryFolder } from "../fixture";
import { described } from "../rollout/plan-context";
import { describeWith, LAB, ROOT } from "./tools";

const description = described(FIVE_NODES);
const [founder] = description.nodes;
if (founder === undefined) throw new Error("a cluster has a server");

const LOOKS = ["/etc/rancher", "/var/lib/rancher"];
const looks = (): string => spawnSync("ls", ["-laR", ...LOOKS], { encoding: "utf8" }).stdout;

async function until(what: () => boolean): Promise<void> {
  for (const end = performance.now() + 20_000; !what();) {
    if (performance.now() > end) throw new Error("not within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A K3s that writes where K3s may, says what it sees, and never ends. */
function k3sIn(folder: string): string {
  const path = join(folder, "bin", "k3s");
  mkdirSync(join(folder, "bin"));
  const script = `#!/bin/sh
touch /etc/rancher/mark /var/lib/rancher/mark "$HOME/mark" 2>/dev/null
{
  ip -br link | cut -d' ' -f1
  env | grep ^K3S_
  cat /var/lib/rancher/k3s/token
  tr '\\0' '\\n' </proc/1/cmdline
} >${folder}/seen
mv ${folder}/seen ${folder}/reached
exec sleep 1000
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
  const asides = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("k3s-drill-"));

  test.each([
    ["root", ""],
    ["anybody, in a user namespace", "--user --map-root-user"],
  ])(
    "of %s is hidden from the K3s that is there, and leaves nothing when it is stopped",
    async (_, namespaces) => {
      const folder = temporaryFolder();
      const log = new Log(join(folder, "logs"), new Redactor(), () => undefined);
      process.env.K3S_URL = "https://127.0.0.1:1";
      const before = [looks(), asides()];
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
      expect([looks(), asides()]).toEqual(before);
      await until(() => processesOf("k3s-drill-") === "");
    },
  );

  test("ends with the operator's program, also when that is killed", async () => {
    const folder = temporaryFolder();
    const operator = spawn("sleep", ["1000"]);
    const aside = join(folder, "aside");
    mkdirSync(aside);
    const { backup, token } = what(folder);
    const variables = {
      aside,
      path: backup.snapshot,
      snapshot: "snapshot",
      memory_mib: 1,
      k3s: k3sIn(folder),
      namespaces: "",
      operator: operator.pid ?? 0,
      token,
      program: remoteScript("try-here", {
        aside,
        namespaces: "",
        flags: "",
        interface: "ens18",
        address: "172.22.0.134/24",
        reset_seconds: 600,
        snapshot: "snapshot",
      }),
    };
    const child = spawn("/bin/sh", ["-s"], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.stdin?.end(remoteScript("restore-here", variables));
    await until(() => existsSync(join(folder, "reached")));
    operator.kill("SIGKILL");
    await ended;
    await until(() => !existsSync(aside) && processesOf(aside) === "");
  });
});
