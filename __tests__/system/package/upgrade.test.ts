/**
 * An owner's repository that takes the next version of the package. No version has been published yet: the one before is this
 * repository as it is, and the next one is this repository with another number and one other line in a template.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageJson from "../../../package.json";
import { packPackage } from "../../../testbed/package/install";
import { describeWith, NPM_REGISTRY } from "../tools";

const NEXT = packageJson.version.replace(
  /^(\d+)\.(\d+)\..*/,
  (_, major, minor) => `${major}.${Number(minor) + 1}.0`,
);

function replaceIn(file: string, from: string, to: string): void {
  const text = readFileSync(file, "utf8");
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(file, text.replaceAll(from, to));
}

function asNextVersion(copy: string): void {
  replaceIn(join(copy, "package.json"), `"version": "${packageJson.version}"`, `"version": "${NEXT}"`);
  replaceIn(join(copy, "templates/nftables.nft.hbs"), "limit rate 6/minute", "limit rate 5/minute");
}

describeWith([NPM_REGISTRY], "a preview of the next version of the package", () => {
  let folder: string;
  let cluster: string;

  const run = (cwd: string, env: NodeJS.ProcessEnv, name: string, ...words: string[]): string => {
    const outcome = spawnSync(name, words, { cwd, encoding: "utf8", env: { ...process.env, ...env } });
    expect(outcome).toMatchObject({ status: 0, stderr: "" });
    return outcome.stdout;
  };

  const preview = (env: NodeJS.ProcessEnv): string => run(cluster, env, "npm", "run", "--silent", "preview");

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "k3s-upgrade-")); // longer than one test
    cluster = join(folder, "my-cluster");
    mkdirSync(join(folder, "next"));
    const [before, next] = [packPackage(folder), packPackage(join(folder, "next"), asNextVersion)];
    run(folder, {}, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key"));
    const init = [
      "init",
      "my-cluster",
      "--yes",
      "--ssh-key",
      join(folder, "key.pub"),
      "--package",
      `file:${before}`,
    ];
    run(folder, {}, "npx", "--yes", "--package", before, "--", packageJson.name, ...init);
    const identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
    run(cluster, {}, "git", "add", "--all");
    run(cluster, {}, "git", ...identity, "commit", "--quiet", "--message=the version before");
    replaceIn(join(cluster, "package.json"), `file:${before}`, `file:${next}`);
    run(cluster, {}, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error");
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("shows what that version changes on each host, and nothing of VMs", () => {
    const text = preview({ XDG_CACHE_HOME: join(folder, "cache") });
    expect(text.replace(/`[0-9a-f]{12}`/, "`0123456789ab`")).toBe(`# Preview

**VMs +0 ~0 -0 · firewall reload on 3 hosts · no K3s restart · no reboot.** Compared with \`HEAD\` at \`0123456789ab\`.

> [!NOTE]
> package-lock.json differs: the base ran with its own packages.

## Firewall

No flow opens or closes; only the text of the rulesets changes.

Reloads atomically on k3s-server-1, k3s-agent-1, k3s-agent-2; established connections stay.

## Hosts

- k3s-server-1, k3s-agent-1, k3s-agent-2: \`nftables.nft\`: the firewall reloads

No change needs a reboot; a rollout decides this finally after it has built the system.
`);
  });

  test("says that it cannot show that where the version before cannot be installed", () => {
    const text = preview({
      XDG_CACHE_HOME: join(folder, "empty"),
      npm_config_cache: join(folder, "empty"),
      npm_config_registry: "http://127.0.0.1:1/",
    });
    expect(text).toContain(
      "> package-lock.json differs, but the base ran with this tree's packages, so what other packages change is not shown: " +
        "the base's could not be installed (npm error code ECONNREFUSED).",
    );
  });
});
