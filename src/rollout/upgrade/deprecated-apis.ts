/** APIs that clients still ask for, and that a later minor of Kubernetes no longer has. */
import { minorSteps } from "../../config/version-steps";

export interface DeprecatedApi {
  /** Such as `policy/v1beta1`. */
  readonly version: string;
  readonly resource: string;
  /** The first minor without it. */
  readonly removed: string;
}

/** Of a server, at most: a server answers with a line for each, and there are dozens in all of Kubernetes. */
const MOST = 500;

/** @param lines - samples of `apiserver_requested_deprecated_apis` (kubernetes, apiserver/pkg/endpoints/metrics/metrics.go) */
export function deprecatedIn(lines: readonly string[]): DeprecatedApi[] {
  return lines.slice(0, MOST).flatMap((line) => {
    const labels = new Map(
      [...line.matchAll(/(\w+)="([\w.-]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
    );
    const [group = "", version = "", resource = "", removed = ""] = [
      "group",
      "version",
      "resource",
      "removed_release",
    ].map((name) => labels.get(name) ?? "");
    // Without a release it is deprecated, and stays.
    if (!/^\d+\.\d+$/.test(removed) || version === "") return [];
    return [{ version: group === "" ? version : `${group}/${version}`, resource, removed }];
  });
}

/** Those of them that a minor no longer has, each once. */
export function goneIn(apis: readonly DeprecatedApi[], minor: string): DeprecatedApi[] {
  const gone = apis.filter(({ removed }) => minorSteps(removed, minor) >= 0);
  return [...new Map(gone.map((api) => [`${api.version} ${api.resource}`, api])).values()];
}
