import { matching } from "./kinds";

/** The kernel's limit is 15 characters. The excluded names are those of pod interfaces. */
const NODE_INTERFACE = /^(?!(lo|cni0|flannel\.1|flannel-wg)$)[A-Za-z][A-Za-z0-9_.-]{0,14}$/;

/** Name of the interface that carries a host's node network. */
export const nodeInterface = (example: string) =>
  matching(NODE_INTERFACE, "the name of the node's own interface, such as ens18", example);
