import { UserError } from "../base/user-error";
import { nixpkgsArchive } from "../config/nixos";
import { delivered } from "../emit/host-folder";
import type { Facts } from "./facts";
import type { Host } from "./host";
import { Report } from "./script";

/** A system that the host has built but does not run yet. */
export interface Build {
  /** Its store path. */
  readonly path: string;
  readonly release: string;
  readonly k3sVersion: string;
  /** Changed parts that require a reboot, such as the kernel. */
  readonly reboot: readonly string[];
  /** NixOS' own reason why it cannot be activated while the host runs. @default - empty: it can */
  readonly refusal: string;
}

/** A first build downloads most of NixOS. */
const BUILD_SECONDS = 3600;

/** Copies the host its files into a staging folder, and builds them there. The running system is not touched. */
export async function build(host: Host, facts: Facts): Promise<Build> {
  const files = [...delivered(host.files, host.node.directory)].map(
    // The base64 of an empty file is empty, and a name may contain spaces.
    ([name, text]) => `:${Buffer.from(text).toString("base64")} ${name}`,
  );
  const onLine = (line: string): void => {
    const words = new Report(line).one("building");
    if (words !== "") host.log.progress(host.name, "build", words);
  };
  const { rev = "", hash = "" } = host.description.nixos?.nixpkgs ?? {};
  const { binaryCaches = [] } = host.node.nixos;
  const report = await host.call(
    "build",
    {
      files: files.join("\n"),
      revision: rev,
      archive: nixpkgsArchive(rev),
      hash,
      caches: binaryCaches.map(({ url }) => url).join(" "),
      cache_keys: binaryCaches.map(({ publicKey }) => publicKey).join(" "),
    },
    { timeoutSeconds: BUILD_SECONDS, onLine },
  );
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
