/**
 * The unit of a host's metrics under a real systemd, which holds it to the emitted limits. Debian's systemd, shell and nft stand for NixOS';
 * a unit that sleeps stands for K3s. Debian's container has no openssl: `../monitoring.test.ts` reads certificates.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { container } from "../../../testbed/nspawn/container";
import { REPOSITORY } from "../../fixture";
import { cluster, emitted, newFolder, write } from "../clusters";
import { configured } from "../configured";
import { describeWith, NIX } from "../tools";
import { CONTAINERS } from "./tools";

const MODEL = cluster({ agents: 0, nixos: { monitoring: { from: ["pods"] } } });
const CONFIG = "systemd.services.k3s-host-metrics.serviceConfig.";

const word = (value: unknown): string =>
  typeof value === "boolean" ? (value ? "yes" : "no") : String(value);

/** As NixOS writes it: a line for each element of a list (nixpkgs, nixos/lib/systemd-lib.nix, attrsToSection). */
async function unitText(): Promise<string> {
  const [node] = MODEL.nodes;
  const { options } = (await configured(MODEL))[node?.id as string] ?? { options: {} };
  const directives = Object.entries(options).flatMap(([option, value]) =>
    option.startsWith(CONFIG)
      ? [value].flat().map((each) => `${option.slice(CONFIG.length)}=${word(each)}`)
      : [],
  );
  expect(directives.length).toBeGreaterThan(20);
  const args =
    "/host/nftables.nft /var/lib/rancher/k3s /var/lib/rancher/k3s/server/db/snapshots /run/k3s-host-metrics";
  const exec = `ExecStart=/bin/bash -e /host/monitoring.sh ${args}`;
  return ["[Service]", "Environment=PATH=/usr/sbin:/usr/bin:/sbin:/bin", ...directives, exec, ""].join("\n");
}

describeWith([...CONTAINERS, NIX], "the unit of a host's metrics, under systemd with its limits", () => {
  const folder = newFolder();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("sees the firewall, K3s' folders and its unit, and writes for every user", async () => {
    write(join(folder, "nix"), emitted(MODEL));
    mkdirSync(join(folder, "root"));
    const unit = join(folder, "k3s-host-metrics.service");
    writeFileSync(unit, await unitText());
    const { base = "" } = container() ?? {};
    const host = join(folder, "nix", MODEL.nodes[0]?.directory as string);
    const program = join(REPOSITORY, "testbed/monitoring/unit.sh");
    execFileSync("timeout", ["60", "unshare", "-m", program, folder, host, unit, base], {
      stdio: "inherit",
    });

    const before = readFileSync(join(folder, "before.prom"), "utf8");
    expect(before).toContain("\nk3s_host_ruleset_matches 1\n");
    expect(before).toContain("\nk3s_host_k3s_active 1\n");
    expect(before).toContain("\nk3s_host_etcd_snapshots 1\n");
    expect(before).toContain('\nk3s_host_firewall_packets_total{counter="forged"} 0\n');
    expect(statSync(join(folder, "before.prom")).mode & 0o777).toBe(0o644);

    const after = readFileSync(join(folder, "after.prom"), "utf8");
    expect(after).toContain("\nk3s_host_ruleset_matches 0\n");
    expect(after).toContain("\nk3s_host_k3s_active 0\n");
  }, 90_000);
});
