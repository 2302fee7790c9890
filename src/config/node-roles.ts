/** The labels by which K3s says what a Node is: servers that etcd runs on have both. */

const CONTROL_PLANE = "node-role.kubernetes.io/control-plane";
const ETCD = "node-role.kubernetes.io/etcd";

/** Whether a Node serves the API. @param labels - names of its labels */
export const isControlPlane = (labels: readonly string[]): boolean => labels.includes(CONTROL_PLANE);

/** Whether a Node is a server. @param labels - names of its labels */
export const isServer = (labels: readonly string[]): boolean =>
  isControlPlane(labels) || labels.includes(ETCD);
