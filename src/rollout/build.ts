import { delivered } from "../emit/host-folder";
import type { Facts } from "./facts";
import type { Host } from "./host";
import { Trouble } from "./trouble";

/** A system that the host has built, and that does not run yet. */
export interface Build {
  /** Its store path. */
  readonly path: string;
  readonly release: string;
  readonly k3sVersion: string;
  /** Parts for whose sake the host has to be rebooted. */
  readonly reboot: readonly string[];
}

/** A first build fetches most of NixOS. */
const BUILD_SECONDS = 3600;

/** Not done by a rollout: the boot default would be a system that nobody has tested, from which no timer leads back. */
const BY_A_REBOOT = (name: string): string =>
  `Put it in place by a reboot, one host at a time: kubectl drain ${name} --ignore-daemonsets --delete-emptydir-data; on it ` +
  "nixos-rebuild boot --no-flake -I nixos-config=/var/lib/k3s-rollout/staging/configuration.nix, and reboot; " +
  `then run the same again, and kubectl uncordon ${name}. Have its console open: nothing leads back by itself from there, ` +
  "but an older generation can be chosen in its boot menu";

/** Hands the host its files, in a folder apart, and has it build them. Nothing of what runs is touched. */
export async function build(host: Host, facts: Facts): Promise<Build> {
  const files = [...delivered(host.files, host.node.directory)].map(
    // An empty file has no base64, and a name may have blanks.
    ([name, text]) => `:${Buffer.from(text).toString("base64")} ${name}`,
  );
  const report = await host.call("build", { files: files.join("\n") }, { timeoutSeconds: BUILD_SECONDS });
  const refusal = report.all("refusal").map((text) => Buffer.from(text, "base64").toString("utf8").trim());
  if (refusal.length > 0) {
    throw new Trouble(
      `${host.name}: what was built cannot be activated while the host runs; nothing was activated:\n  ` +
        `${refusal.join("\n").replaceAll("\n", "\n  ")}\n${BY_A_REBOOT(host.name)}`,
    );
  }
  const keys = report.all("key");
  if (facts.operatorKey !== "" && !keys.includes(facts.operatorKey)) {
    throw new Trouble(
      `${host.name}: your SSH key ${facts.operatorKey} would not be let in by what was built; nothing was activated`,
    );
  }
  return {
    path: report.one("built"),
    release: report.one("release"),
    k3sVersion: report.one("k3s_version"),
    reboot: report.all("reboot"),
  };
}
