/** What an upgrade would change on each host. */
import type { Builder } from "../builder";
import type { HostState } from "../identity";
import type { HostPlan } from "../plan";
import { deprecatedIn } from "./deprecated-apis";
import { optionsIn } from "./nix-options";
import { isDue, type HostPath } from "./path";
import { VersionsOf, type Offered } from "./versions";

/** A host of an upgrade. */
export interface Candidate {
  readonly plan: HostPlan;
  readonly path: HostPath;
  /** Versions of the kernel that runs, and of the one that it would get. */
  readonly kernel: { readonly runs: string; readonly builds: string };
}

/** Asks all hosts in parallel. @throws UserError when a host cannot say it */
export async function candidatesOf(
  states: readonly HostState[],
  plans: readonly HostPlan[],
  builder: Builder | undefined,
): Promise<Candidate[]> {
  const versions = new VersionsOf(builder);
  const all = await Promise.all(
    states.map(async (state) => {
      const plan = plans.find(({ host }) => host === state.host);
      if (plan === undefined) return [];
      const { host, facts } = state;
      const isServer = host.node.role === "server";
      const report = await host.call("upgrade-facts", { server: isServer ? "yes" : "no" });
      const offered = await versions.host(host);
      const path: HostPath = {
        ...versionsOf(state, offered),
        etcd: report.one("etcd"),
        ...(report.one("api") === "yes" ? { deprecated: deprecatedIn(report.all("deprecated")) } : {}),
        installedWith:
          /\bsystem\.stateVersion = "([\d.]+)"/.exec(facts.files.get("configuration.nix") ?? "")?.[1] ?? "",
      };
      return [{ plan, path, kernel: { runs: report.one("kernel"), builds: offered.kernel } }];
    }),
  );
  return all.flat();
}

const versionsOf = (
  { host, facts }: HostState,
  { nixos, k3s }: Offered,
): Omit<HostPath, "etcd" | "installedWith"> => ({
  hostname: host.name,
  role: host.node.role,
  runs: { nixos: /^\d\d\.\d\d/.exec(facts.release)?.[0] ?? "", k3s: facts.k3sVersion },
  builds: { nixos, k3s },
  release: host.node.nixos.release,
  stateVersion: host.node.nixos.stateVersion,
  options: new Map(
    [...host.files].filter(([file]) => file.endsWith(".nix")).map(([file, text]) => [file, optionsIn(text)]),
  ),
});

/** What this run changes: hosts of other versions, and those whose files differ or which an earlier run left unfinished. */
export const isToChange = ({ plan, path }: Candidate): boolean => plan.verdict !== "unchanged" || isDue(path);

/** `unknown` until it is built. */
export function rebootOf({ path, kernel, plan }: Candidate): "yes" | "no" | "unknown" {
  if (!isToChange({ path, kernel, plan })) return "no";
  return path.runs.nixos !== path.builds.nixos || kernel.runs !== kernel.builds ? "yes" : "unknown";
}
