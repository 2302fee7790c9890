import type * as z from "zod";
import { cidrProblem } from "./cidr";
import { formatLiteral } from "../fault";
import { group, checkedText, multilineText, list, matching, boolean, text, wordOrNumber } from "./kinds";
import { PortRangeSchema } from "./ports";

const SOURCES = ["nodes", "pods", "everyone"];

/** Numbers of protocols that have a name here (IANA, "Assigned Internet Protocol Numbers"). */
const NAMES: ReadonlyMap<unknown, string> = new Map([
  [1, "icmp"],
  [6, "tcp"],
  [17, "udp"],
  [58, "icmp"],
  [112, "vrrp"],
]);

const PORTS_EXAMPLE = { from: 9100, to: 9100 };

/** A protocol by its name, and ports where it has them. */
function checkProtocol(
  { protocol, ports }: { readonly protocol: string | number; readonly ports?: unknown },
  context: z.RefinementCtx,
): void {
  const objection = (setting: string, message: string): void =>
    context.addIssue({ code: "custom", path: [setting], message });
  const name = NAMES.get(protocol);
  if (name !== undefined) return objection("protocol", `should be ${JSON.stringify(name)}, got ${protocol}`);
  const has = protocol === "tcp" || protocol === "udp";
  if (has && ports === undefined)
    objection("ports", `should be a range such as ${formatLiteral(PORTS_EXAMPLE)}, got nothing`);
  if (!has && ports !== undefined)
    objection("ports", `should be left out: the protocol ${protocol} has no ports`);
}

export const AllowedFlowSchema = group({
  /**
   * An IPv4 or IPv6 network; `nodes` for the other nodes; `pods` for the pods of every host, which also opens the ports
   * to the nodes, since pods of other hosts arrive with their node's address; or `everyone`.
   */
  from: checkedText(
    (source) => (SOURCES.includes(source) ? undefined : cidrProblem(source)),
    `a network such as 10.0.0.0/24 or fd00:22::/64, or one of ${SOURCES.join(", ")}`,
    "nodes",
  ),
  /** `every host`, `servers`, `agents`, or the hostname of one host. */
  to: matching(/./, "every host, servers, agents, or a hostname", "every host"),
  /**
   * Name of a further network interface, over which alone such connections may come. `nodes` are then the other nodes' addresses
   * there. @default - the node's interface
   */
  over: text("storage0", "the name of a further network interface").optional(),
  /** `tcp` or `udp`, with `ports`; `icmp`, also of IPv6; `vrrp`; or the number of another IP protocol. */
  protocol: wordOrNumber(["tcp", "udp", "icmp", "vrrp"], 0, 255, "tcp"),
  /**
   * Ports as the client uses them, whether the host or a service answers. @default - required for `tcp` and `udp`; other protocols
   * have none, and reach the host alone
   */
  ports: PortRangeSchema.readonly().optional(),
  /** Becomes a comment in the ruleset. */
  why: multilineText("metrics of the hosts", {
    wish: "a reason, which becomes a comment in the ruleset",
  }).regex(/\S/),
}).superRefine(checkProtocol);

/** A flow that the firewall allows in addition to those that K3s needs. */
export interface AllowedFlow extends Readonly<z.input<typeof AllowedFlowSchema>> {}

const FLOW = {
  from: "nodes",
  to: "every host",
  protocol: "tcp",
  ports: PORTS_EXAMPLE,
  why: "metrics of the hosts",
};

export const FirewallSchema = group(
  {
    /** Additional flows. @default - none */
    allow: list(AllowedFlowSchema.readonly(), [FLOW]).default([]),
    /** Let pods reach every port of their own host, not only the ports that K3s serves to them. @default false */
    trustPods: boolean().default(false),
  },
  { trustPods: true },
);

/** What the firewall allows in addition to what K3s needs. */
export interface FirewallSettings extends Readonly<z.input<typeof FirewallSchema>> {}
