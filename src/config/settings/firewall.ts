import type * as z from "zod";
import { cidrProblem } from "./cidr";
import { group, checkedText, multilineText, list, matching, boolean, text } from "./kinds";
import { PortRangeSchema, protocol } from "./ports";

const SOURCES = ["nodes", "pods", "everyone"];

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
  /** Transport protocol. */
  protocol: protocol(),
  /** Ports as the client uses them, whether the host or a service answers. */
  ports: PortRangeSchema.readonly(),
  /** Becomes a comment in the ruleset. */
  why: multilineText("metrics of the hosts", {
    wish: "a reason, which becomes a comment in the ruleset",
  }).regex(/\S/),
});

/** A flow that the firewall allows in addition to those that K3s needs. */
export interface AllowedFlow extends Readonly<z.input<typeof AllowedFlowSchema>> {}

const FLOW = {
  from: "nodes",
  to: "every host",
  protocol: "tcp",
  ports: { from: 9100, to: 9100 },
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
