/** The bed of `npm run test:k3s`, with a stand-in for K3s: what K3s gets, and that nothing is left behind. */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { K3sBed } from "../../../testbed/k3s/bed";
import { attempt } from "../../../testbed/namespaces/unshare";
import { REPOSITORY } from "../../fixture";
import { describeWith, K3S_BED } from "../tools";

const EMITTED = join(REPOSITORY, "nix");

let folder: string;
let fake: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "k3s-bed-"));
  fake = join(folder, "k3s");
  copyFileSync(join(__dirname, "fake-k3s.sh"), fake);
});

afterAll(() => rmSync(folder, { recursive: true }));

const recorded = (node: string, name: string): string => readFileSync(join(folder, node, name), "utf8");

/** Cgroups of beds on this machine. */
const cgroups = (): string[] =>
  attempt(["unshare", "-m", "sh", "-ec", "mount -t cgroup2 none /sys/fs/cgroup; ls /sys/fs/cgroup"])
    ?.split("\n")
    .filter((name) => name.startsWith("k3s-testbed-")) ?? [];

async function eventually(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !isSo(); tries++) await sleep(100);
}

describeWith(K3S_BED, "the bed of K3s", () => {
  describe("with a stand-in for K3s", () => {
    let bed: K3sBed;

    beforeAll(async () => {
      const images = join(folder, "images.tar.zst");
      writeFileSync(images, "the archive");
      bed = await K3sBed.start(EMITTED, { k3s: fake, images });
      const nodes = bed.cluster.nodes.map(({ hostname }) => join(folder, hostname));
      await bed.until("K3s runs on all", 60, async () => nodes.every((node) => existsSync(node)));
    });

    afterAll(() => bed?.stop());

    test("every flag of the emitted files reaches K3s, in their order, and nothing else", () => {
      for (const { hostname, directory, role } of bed.cluster.nodes) {
        const nix = readFileSync(join(EMITTED, directory, `k3s-${role}.nix`), "utf8");
        const option = (name: string): string | undefined =>
          nix.match(new RegExp(`^ {4}${name} = "?(.*?)"?;$`, "m"))?.[1];
        const flags = [...nix.matchAll(/^ {6}"(.*)"$/gm)].map(([, flag]) => flag);
        expect(flags.length).toBeGreaterThan(2);
        const joins = option("serverAddr");
        expect(recorded(hostname, "arguments").trim().split("\n")).toEqual([
          option("role"),
          ...["--token-file", option("tokenFile")],
          ...(option("clusterInit") === "true" ? ["--cluster-init"] : []),
          ...(joins === undefined ? [] : ["--server", joins]),
          ...flags,
        ]);
      }
    });

    test("K3s finds the node's NIC, MAC address, address and ruleset, the token and the images", () => {
      for (const { hostname, ipv4Address, macAddress, nixos } of bed.cluster.nodes) {
        expect(recorded(hostname, "addresses")).toMatch(
          new RegExp(`${nixos.networkInterface} +inet ${ipv4Address}/24 `),
        );
        expect(recorded(hostname, "links")).toContain(`link/ether ${macAddress.toLowerCase()}`);
        expect(recorded(hostname, "devices").trim().split("\n")).toEqual([nixos.networkInterface, "lo"]);
        expect(recorded(hostname, "tables")).toBe("table inet k3s_host\n");
        expect(recorded(hostname, "token")).not.toBe("");
        expect(recorded(hostname, "images")).toBe("the archive");
      }
    });

    test("every host has its own cgroups and folders, and writes to none of the machine", () => {
      for (const { hostname } of bed.cluster.nodes) {
        expect(recorded(hostname, "cgroup")).toMatch(/^0::\/init$/m);
        // The machine's own network has at least the namespaces of hosts.
        expect(recorded(hostname, "run")).not.toContain("netns");
      }
      for (const path of ["/etc/rancher", "/var/lib/rancher", "/usr/libexec/kubernetes-of-a-test"]) {
        expect(existsSync(path)).toBe(false);
      }
    });

    test("hosts reach each other as the ruleset allows", async () => {
      await bed.run("hamal", ["ping", "-c", "1", "-W", "5", "172.22.0.134"]);
    });

    test("a K3s that ends is reported with its log", async () => {
      const failing = join(folder, "failing");
      writeFileSync(failing, '#!/bin/sh\necho "level=fatal msg=no"\nexit 1\n', { mode: 0o755 });
      const broken = await K3sBed.start(EMITTED, { k3s: failing });
      try {
        await expect(broken.until("never", 60, async () => false)).rejects.toThrow(
          /^K3s of \w+ ended:\nlevel=fatal msg=no/,
        );
      } finally {
        await broken.stop();
      }
    });
  });

  test.each(["SIGKILL", "SIGINT", "SIGTERM"] as const)("ended by %s leaves nothing", async (signal) => {
    const before = mkdtempSync(join(folder, "killed-"));
    copyFileSync(fake, join(before, "k3s"));
    const holder = spawn(
      process.execPath,
      ["--import", "tsx", join(__dirname, "hold.ts"), join(before, "k3s")],
      {
        cwd: REPOSITORY,
        detached: true,
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    try {
      const cgroup = await new Promise<string>((resolve, reject) => {
        holder.stdout.once("data", (chunk) => resolve(String(chunk).trim()));
        holder.once("exit", () => reject(new Error("it did not start")));
      });
      expect(cgroups()).toContain(cgroup);
      process.kill(signal === "SIGINT" ? -(holder.pid as number) : (holder.pid as number), signal);
      // It is removed when it has no process.
      await eventually(() => !cgroups().includes(cgroup));
      expect(cgroups()).not.toContain(cgroup);
    } finally {
      try {
        process.kill(-(holder.pid as number), "SIGKILL");
      } catch {
        // No process is left, as it should be.
      }
    }
  });
});

test("without K3S_BIN, `npm run test:k3s` fails and says what to set it to", () => {
  const env = { ...process.env };
  delete env.K3S_BIN;
  const { status, stderr } = spawnSync("npm", ["run", "test:k3s"], {
    cwd: REPOSITORY,
    encoding: "utf8",
    env,
  });
  expect(status).toBe(1);
  expect(stderr).toContain("K3S_BIN is not set: give the path of a K3s binary");
});

test("`npm test` skips what needs a real K3s", () => {
  const jest = join(REPOSITORY, "node_modules", ".bin", "jest");
  const { stdout } = spawnSync(jest, ["--listTests"], { cwd: REPOSITORY, encoding: "utf8" });
  expect(stdout).toContain("__tests__/system/k3s/bed.test.ts");
  expect(stdout).not.toContain("__tests__/k3s/");
});
