/** What an API says that it holds: see `remote/objects.sh`. */
import type { Snapshot } from "../backup/snapshot";
import type { Report } from "./script";

/** An object of one of the kinds that are read one by one. */
interface ApiObject {
  /** Key in etcd. */
  readonly key: string;
  readonly revision: number;
}

export interface ApiObjects {
  /** UID of the namespace kube-system. */
  readonly clusterUid: string;
  /** API version and kind, such as `apps/v1 Deployment`, to the number of objects. */
  readonly counts: ReadonlyMap<string, number>;
  readonly objects: readonly ApiObject[];
  /** Key of a secret to its revision and a salted hash of its content. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** Folders of etcd for kinds (k8s.io/kubernetes, pkg/registry/core/rest/storage_core.go). */
const FOLDERS: Readonly<Record<string, string>> = {
  Namespace: "namespaces",
  Node: "minions",
  Secret: "secrets",
  ConfigMap: "configmaps",
};

export const NODES = `/registry/${FOLDERS.Node}/`;

export function apiObjects(report: Report): ApiObjects {
  return {
    clusterUid: report.one("uid"),
    counts: new Map(
      report.all("kind").map((line): [string, number] => {
        const [, kind = "", count = ""] = /^(.*) (\d+)$/.exec(line) ?? [];
        return [kind, Number(count)];
      }),
    ),
    objects: report.all("object").map((line) => {
      const [kind = "", namespace = "", name = "", revision = ""] = line.split(" ");
      const key = ["/registry", FOLDERS[kind], namespace, name].filter(Boolean).join("/");
      return { key, revision: Number(revision) };
    }),
    secrets: new Map(
      report.all("secret").map((line): [string, string] => {
        const [name = "", ...rest] = line.split(" ");
        return [`/registry/${FOLDERS.Secret}/${name}`, rest.join(" ")];
      }),
    ),
  };
}

/** Objects of the snapshot that were read back from a server that was started on it. */
export interface ReadBack {
  /** Number of those that are as they were in the snapshot: K3s changes others as soon as it starts. */
  readonly same: number;
  /** Their keys. */
  readonly missing: readonly string[];
}

export function readBack({ objects }: Snapshot, api: ApiObjects): ReadBack {
  const found = new Map(api.objects.map(({ key, revision }) => [key, revision]));
  const read = [...objects].filter(([key]) => READ.test(key) && !OWN.test(key));
  return {
    same: read.filter(([key, revision]) => found.get(key) === revision).length,
    missing: read.filter(([key, revision]) => (found.get(key) ?? 0) < revision).map(([key]) => key),
  };
}

/** Keys of the kinds that are read one by one. */
const READ = new RegExp(`^/registry/(${Object.values(FOLDERS).join("|")})/`);

/**
 * K3s removes them when it starts: the first because the server has been reset (pkg/cluster/managed.go), the others, lists of its
 * snapshots, because there are objects for them now (pkg/etcd/snapshot.go).
 */
const OWN = /\.node-password\.k3s$|\/kube-system\/(k3s|rke2)-etcd-snapshots/;
