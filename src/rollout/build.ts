import { npmRun } from "../base/command-line";
import { UserError } from "../base/user-error";
import { nixpkgsArchive } from "../config/nixos";
import { delivered } from "../emit/host-folder";
import type { Facts } from "./facts";
import type { Host } from "./host";
import { namedInterfaces } from "./identity";
import type { Variables } from "../render/remote-script";
import { Report } from "./script";

/** A system that the host has but does not run yet. */
export interface Build {
  /** Its store path. */
  readonly path: string;
  readonly release: string;
  readonly k3sVersion: string;
  /** Changed parts that require a reboot, such as the kernel. */
  readonly reboot: readonly string[];
  /** Why it cannot be activated while the host runs: NixOS' own reason, or an interface's name. @default - empty: it can */
  readonly refusal: string;
}

/** A first build downloads most of NixOS. */
export const BUILD_SECONDS = 3600;

/** Copies the host its files into a staging folder, and builds them there. The running system is not touched. */
export async function build(host: Host, facts: Facts): Promise<Build> {
  const options = { timeoutSeconds: BUILD_SECONDS, onLine: onProgress(host, "build") };
  const variables = { ...buildVariables(host), ...examinedInterfaces(host) };
  return resultOf(host, facts, await host.call("build", variables, options));
}

/** The interfaces that `remote/examine.sh` looks for, as /sys/class/net writes their addresses. */
export const examinedInterfaces = (host: Host): Variables => ({
  interfaces: namedInterfaces(host.node)
    .map(({ name, macAddress }) => `${macAddress.toLowerCase()}=${name}`)
    .join(" "),
});

/** The files that a host gets, as `remote/stage-files.sh` reads them. */
export const stagedFiles = (host: Host): string =>
  [...delivered(host.files, host.node.directory)]
    // The base64 of an empty file is empty, and a name may contain spaces.
    .map(([name, text]) => `:${Buffer.from(text).toString("base64")} ${name}`)
    .join("\n");

/** For a build of the host's system, wherever it is. */
export function buildVariables(host: Host): Variables {
  const { rev = "", hash = "" } = host.description.nixos?.nixpkgs ?? {};
  const { binaryCaches = [] } = host.node.nixos;
  return {
    files: stagedFiles(host),
    revision: rev,
    archive: nixpkgsArchive(rev),
    hash,
    pin: npmRun("nixpkgs -- update"),
    caches: binaryCaches.map(({ url }) => url).join(" "),
    cache_keys: binaryCaches.map(({ publicKey }) => publicKey).join(" "),
  };
}

/** Shows the last line of a build. */
export const onProgress =
  (host: Host, step: string) =>
  (line: string): void => {
    const words = new Report(line).one("building");
    if (words !== "") host.log.progress(host.name, step, words);
  };

/** @param report - of `remote/examine.sh`. @throws UserError when the system would shut the operator out */
export function resultOf(host: Host, facts: Facts, report: Report): Build {
  const keys = report.all("key");
  if (facts.operatorKey !== "" && !keys.includes(facts.operatorKey)) {
    throw new UserError(
      "refused",
      `the built system would not accept your SSH key ${facts.operatorKey}; nothing was activated`,
      { host: host.name },
    );
  }
  return {
    path: report.one("built"),
    release: report.one("release"),
    k3sVersion: report.one("k3s_version"),
    reboot: report.all("reboot"),
    refusal: report.text("refusal").trim(),
  };
}

export function buildInWords({ release, k3sVersion, reboot, refusal }: Build): string {
  const forWhat = reboot.length === 0 ? "no reboot" : `reboot, for its ${reboot.join(", ")}`;
  const needed = refusal === "" ? forWhat : "boot on trial, since it cannot be activated while the host runs";
  return `NixOS ${release}, K3s ${k3sVersion || "none"}, ${needed}`;
}
