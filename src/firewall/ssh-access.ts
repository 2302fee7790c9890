import { parseAnyNetwork, type Network } from "../config/address";
import type { Networks } from "../config/model";
import { networksOf } from "./flow-sources";
import { isPortFlow, SSH_PORT, type Flow } from "./flows";

/** A network that may open SSH. */
export interface SshAccess {
  readonly network: Network;
  /** Target: every host, a role, or a hostname. */
  readonly to: Flow["to"];
}

const EVERYWHERE = ["0.0.0.0/0", "::/0"];

/** The networks from which people may open SSH. Invalid networks are left out. */
export const sshAccess = (flows: readonly Flow[], networks: Networks): SshAccess[] =>
  flows
    .filter(isPortFlow)
    .filter(({ protocol, ports }) => protocol === "tcp" && ports.from <= SSH_PORT && SSH_PORT <= ports.to)
    .flatMap(({ from, to }) => {
      const cidrs = from === "everyone" ? EVERYWHERE : networksOf(from, networks);
      return cidrs.flatMap((cidr) => {
        const network = parseAnyNetwork(cidr);
        return network === undefined ? [] : [{ network, to }];
      });
    });
