/** The parts of a running pod that matter for a drain. */
export interface Pod {
  /** `namespace/name` */
  readonly name: string;
  readonly node: string;
  readonly ofDaemonSet: boolean;
  /** Nothing recreates it: it has no controller, such as a Deployment. */
  readonly bare: boolean;
  /** It has an `emptyDir`, whose content is lost with the pod. */
  readonly emptyDir: boolean;
  /** What recreates it, as kubectl names it, such as `deployment/web`. @default - nothing does */
  readonly controller?: string;
  /** Names of claims that it mounts. */
  readonly claims: readonly string[];
}

/** Columns of one tab-separated row per pod: full objects would be megabytes in a large cluster. */
const COLUMNS = [
  "{.metadata.namespace}/{.metadata.name}",
  "{.spec.nodeName}",
  "{.metadata.ownerReferences[?(@.controller==true)].kind}",
  // A static pod, which the kubelet runs from a file on the node; a drain leaves it alone.
  "{.metadata.annotations.kubernetes\\.io/config\\.mirror}",
  "{.spec.volumes[*].emptyDir}",
  "{.metadata.ownerReferences[?(@.controller==true)].name}",
  // Of a Deployment, which names its ReplicaSets after itself and this.
  "{.metadata.labels.pod-template-hash}",
  "{.spec.volumes[*].persistentVolumeClaim.claimName}",
  // The claim of an ephemeral volume has the name of the pod and the volume (kubernetes, pkg/.../ephemeral, VolumeClaimName).
  "{.spec.volumes[?(@.ephemeral)].name}",
];

/** Arguments for `kubectl get`: a row per object, of tab-separated cells. */
export const asRows = (columns: readonly string[]): string[] => [
  "-o",
  `jsonpath={range .items[*]}${columns.join('{"\\t"}')}{"\\n"}{end}`,
];

export const cellsOf = (rows: string): string[][] =>
  rows
    .split("\n")
    .filter((row) => row !== "")
    .map((row) => row.split("\t"));

/** Arguments for `kubectl get pods`. @param further - columns after those of a Pod */
export const podsAsRows = (further: readonly string[] = []): string[] => [
  "--field-selector=status.phase!=Succeeded,status.phase!=Failed",
  ...asRows([...COLUMNS, ...further]),
];

export const podsOf = (rows: string): Pod[] => cellsOf(rows).map((cells) => podOf(cells).pod);

/** @returns the pod, and the cells of further columns */
export function podOf(cells: readonly string[]): { readonly pod: Pod; readonly further: readonly string[] } {
  const [name = "", node = "", kind = "", mirror = "", emptyDir = "", owner = "", ...rest] = cells;
  const [hash = "", claims = "", ephemeral = "", ...further] = rest;
  const [, ownName] = name.split("/");
  const pod = {
    name,
    node,
    ofDaemonSet: kind === "DaemonSet",
    bare: kind === "" && mirror === "",
    emptyDir: emptyDir !== "",
    ...(kind === "" ? {} : { controller: controllerOf(kind, owner, hash) }),
    claims: [...words(claims), ...words(ephemeral).map((volume) => `${ownName}-${volume}`)],
  };
  return { pod, further };
}

const words = (text: string): string[] => text.split(" ").filter((word) => word !== "");

const controllerOf = (kind: string, name: string, hash: string): string =>
  kind === "ReplicaSet" && hash !== "" && name.endsWith(`-${hash}`)
    ? `deployment/${name.slice(0, -hash.length - 1)}`
    : `${kind.toLowerCase()}/${name}`;

/** Pods of a node that a drain would delete for good. */
export const barePods = (pods: readonly Pod[], node: string): string[] =>
  pods.filter((pod) => pod.node === node && pod.bare).map(({ name }) => name);
