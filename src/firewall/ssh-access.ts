import { parseAnyNetwork, type Network } from "../config/address";
import type { Networks } from "../config/model";
import { networksOf } from "./flow-sources";
import { isPortFlow, SSH_PORT, type Flow, type PortFlow } from "./flows";

/** A network that may open SSH. */
export interface SshAccess {
  readonly network: Network;
  /** Target: every host, a role, or a hostname. */
  readonly to: Flow["to"];
}

const EVERYWHERE = ["0.0.0.0/0", "::/0"];

/**
 * Those that open SSH at the node's address. Over a further interface a host takes nothing for that address, so such a flow is no way
 * in for its operators.
 */
export const sshFlows = (flows: readonly Flow[]): PortFlow[] =>
  flows
    .filter(isPortFlow)
    .filter(({ protocol, ports }) => protocol === "tcp" && ports.from <= SSH_PORT && SSH_PORT <= ports.to)
    .filter(({ over }) => over === undefined);

/** The networks from which people may open SSH. Invalid networks are left out. */
export const sshAccess = (flows: readonly Flow[], networks: Networks): SshAccess[] =>
  sshFlows(flows).flatMap(({ from, to }) => {
    const cidrs = from === "everyone" ? EVERYWHERE : networksOf(from, networks);
    return cidrs.flatMap((cidr) => {
      const network = parseAnyNetwork(cidr);
      return network === undefined ? [] : [{ network, to }];
    });
  });
