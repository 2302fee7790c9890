import { UserError } from "../base/user-error";
import { delivered } from "../emit/host-folder";
import type { Facts } from "./facts";
import type { Host } from "./host";

/** A system that the host has built, and that does not run yet. */
export interface Build {
  /** Its store path. */
  readonly path: string;
  readonly release: string;
  readonly k3sVersion: string;
  /** Parts for whose sake the host has to be rebooted. */
  readonly reboot: readonly string[];
  /** Why it cannot be activated while the host runs, in NixOS' own words. @default - empty: it can */
  readonly refusal: string;
}

/** A first build fetches most of NixOS. */
const BUILD_SECONDS = 3600;

/** Hands the host its files, in a folder apart, and has it build them. Nothing of what runs is touched. */
export async function build(host: Host, facts: Facts): Promise<Build> {
  const files = [...delivered(host.files, host.node.directory)].map(
    // An empty file has no base64, and a name may have blanks.
    ([name, text]) => `:${Buffer.from(text).toString("base64")} ${name}`,
  );
  const report = await host.call("build", { files: files.join("\n") }, { timeoutSeconds: BUILD_SECONDS });
  const keys = report.all("key");
  if (facts.operatorKey !== "" && !keys.includes(facts.operatorKey)) {
    throw new UserError(
      "refused",
      `your SSH key ${facts.operatorKey} would not be let in by what was built; nothing was activated`,
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
