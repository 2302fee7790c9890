import type * as z from "zod";
import { ipv4CidrProblem } from "./cidr";
import { checkedText, group, integer, list } from "./kinds";

const SOURCES = ["pods"];

export const MonitoringSchema = group(
  {
    /**
     * IPv4 networks from which node_exporter of every host may be read, as a Prometheus outside of the cluster does; or `pods`, for one in
     * the cluster, which also opens the port to the nodes, since pods of other hosts arrive with their node's address.
     */
    from: list(
      checkedText(
        (source) => (SOURCES.includes(source) ? undefined : ipv4CidrProblem(source)),
        "an IPv4 network such as 10.0.0.0/24, or pods",
        "10.0.0.0/24",
      ),
      ["10.0.0.0/24"],
      { least: 1, expected: "a list of at least one network" },
    ),
    /** Port of node_exporter on the node's address. @default 9100 */
    nodeExporterPort: integer(1024, 65_535, { example: 9101 }).default(9100),
  },
  { from: ["10.0.0.0/24"] },
);

/** Metrics of the hosts for Prometheus or VictoriaMetrics. */
export interface MonitoringSettings extends Readonly<z.input<typeof MonitoringSchema>> {}
