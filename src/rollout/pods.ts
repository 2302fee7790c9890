/** A pod that has not ended, as far as a drain looks at it. */
export interface Pod {
  /** `namespace/name` */
  readonly name: string;
  readonly node: string;
  readonly ofDaemonSet: boolean;
  /** Nobody makes it anew: it has no controller, such as a Deployment's. */
  readonly bare: boolean;
  /** What it keeps in an `emptyDir` is lost with it. */
  readonly emptyDir: boolean;
}

/** A row for each pod, with tabs: all of it would be megabytes in a large cluster. */
const COLUMNS = [
  "{.metadata.namespace}/{.metadata.name}",
  "{.spec.nodeName}",
  "{.metadata.ownerReferences[?(@.controller==true)].kind}",
  // The kubelet's own, from a file on the node; a drain leaves it.
  "{.metadata.annotations.kubernetes\\.io/config\\.mirror}",
  "{.spec.volumes[*].emptyDir}",
];

/** Words for kubectl's `get pods`. */
export const PODS_AS_ROWS: readonly string[] = [
  "--field-selector=status.phase!=Succeeded,status.phase!=Failed",
  "-o",
  `jsonpath={range .items[*]}${COLUMNS.join('{"\\t"}')}{"\\n"}{end}`,
];

export const podsOf = (rows: string): Pod[] =>
  rows
    .split("\n")
    .filter((row) => row !== "")
    .map((row) => {
      const [name = "", node = "", controller = "", mirror = "", emptyDir = ""] = row.split("\t");
      return {
        name,
        node,
        ofDaemonSet: controller === "DaemonSet",
        bare: controller === "" && mirror === "",
        emptyDir: emptyDir !== "",
      };
    });

/** Pods of a node that a drain deletes for good. */
export const barePods = (pods: readonly Pod[], node: string): string[] =>
  pods.filter((pod) => pod.node === node && pod.bare).map(({ name }) => name);
