/** What clients from outside reach through the nodes. */
import type { Node } from "../config/model";
import { isOutside } from "../firewall/flow-sources";
import { hasInterface, includesHost, isPortFlow, overOf, type Flow } from "../firewall/flows";
import { openedPorts } from "../firewall/labels";

export interface Published {
  /** `TCP 443 (HTTPS by ServiceLB)` */
  readonly name: string;
  /** Nodes through which it is reached. */
  readonly nodes: readonly Node[];
  /** The further network interface by which they are reached. @default - the node's */
  readonly over?: string;
}

/** Services and ports that either a host or a service answers; not those of hosts alone, such as SSH. */
export function publishedBy(flows: readonly Flow[], nodes: readonly Node[]): Published[] {
  const all = flows.flatMap((flow): Published[] => {
    if (!isPortFlow(flow) || flow.servedBy === "host" || !isOutside(flow.from)) return [];
    const over = overOf(flow);
    const reached = nodes.filter((node) => includesHost(flow.to, node) && hasInterface(flow, node));
    if (reached.length === 0) return [];
    const name = `${openedPorts(flow)} (${flow.why})`;
    return [{ name, nodes: reached, ...(over === undefined ? {} : { over }) }];
  });
  // One flow for each source, such as the LAN by IPv6.
  return [...new Map(all.map((each) => [each.name, each])).values()];
}

/** The bridge on which the node's interface is, the first one's unless a further one is named. */
export function bridgeOf({ vm }: Node, interfaceName?: string): string | undefined {
  const [first, ...further] = vm.networkInterfaces;
  const found =
    interfaceName === undefined
      ? first
      : further.find(
          ({ name, vlans }) => name === interfaceName || vlans?.some((vlan) => vlan.name === interfaceName),
        );
  return found?.bridge;
}
