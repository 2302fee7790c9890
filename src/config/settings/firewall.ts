import type * as z from "zod";
import { objectionToCidr } from "./cidr";
import { group, judged, lines, list, matching, yesOrNo } from "./kinds";
import { PortRangeSchema, protocol } from "./ports";

const SOURCES = ["nodes", "pods", "everyone"];

export const AllowedFlowSchema = group({
  /**
   * A network by its CIDR, IPv4 or IPv6; `nodes`, the other ones; `pods`, of every host, which opens it to nodes too,
   * since pods of other hosts arrive with their node's address; or `everyone`.
   */
  from: judged(
    (source) => (SOURCES.includes(source) ? undefined : objectionToCidr(source)),
    `a network such as 10.0.0.0/24 or fd00:22::/64, or one of ${SOURCES.join(", ")}`,
    "nodes",
  ),
  /** `every host`, `servers`, `agents`, or the hostname of one. */
  to: matching(/./, "every host, servers, agents, or a hostname", "every host"),
  /** Transport protocol. */
  protocol: protocol(),
  /** As they are dialled, whether the host answers or a service does. */
  ports: PortRangeSchema.readonly(),
  /** For those who read the ruleset. */
  why: lines("metrics of the hosts", { wish: "a reason, for those who read the ruleset" }).regex(/\S/),
});

/** A flow that the firewall admits beside those that K3s needs. */
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
    /** Further flows. @default - none */
    allow: list(AllowedFlowSchema.readonly(), [FLOW]).default([]),
    /** Pods may reach every port of their own host, and not only what K3s serves to them. @default false */
    trustPods: yesOrNo().default(false),
  },
  { trustPods: true },
);

/** What the firewall admits beside what K3s needs. */
export interface FirewallSettings extends Readonly<z.input<typeof FirewallSchema>> {}
