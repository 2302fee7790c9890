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
}

/** Columns of one tab-separated row per pod: full objects would be megabytes in a large cluster. */
const COLUMNS = [
  "{.metadata.namespace}/{.metadata.name}",
  "{.spec.nodeName}",
  "{.metadata.ownerReferences[?(@.controller==true)].kind}",
  // A static pod, which the kubelet runs from a file on the node; a drain leaves it alone.
  "{.metadata.annotations.kubernetes\\.io/config\\.mirror}",
  "{.spec.volumes[*].emptyDir}",
];

/** Arguments for `kubectl get pods`. */
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

/** Pods of a node that a drain would delete for good. */
export const barePods = (pods: readonly Pod[], node: string): string[] =>
  pods.filter((pod) => pod.node === node && pod.bare).map(({ name }) => name);
