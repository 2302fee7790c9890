import { networksOf } from "./flow-sources";
import { openedPorts, sourceLabel } from "./labels";
import { flows, isPortFlow, type Flow } from "./flows";
import type { Cluster } from "../config/model";
import { code, enumerated, plain } from "../base/markdown";
import { markdownTable } from "../base/table";

/** A column: a target of flows. */
interface Column {
  readonly title: string;
  /** What a flow opens on the target, with the host's name if it opens it on only one. */
  readonly cell: (flow: Flow) => string | undefined;
}

/** Who may reach what, on which ports, and why: one row for each source, however many hosts there are. */
export function firewallMatrix(cluster: Cluster): string {
  const all = flows(cluster);
  const agents = cluster.nodes.some(({ role }) => role === "agent");
  const columns = [
    hosts("servers", "server", cluster),
    ...(agents ? [hosts("agents", "agent", cluster)] : []),
    PODS_AND_SERVICES,
  ];
  const sources = [...new Set(all.map(({ from }) => from))];
  return markdownTable(
    ["who", ...columns.map(({ title }) => title)],
    sources.map((source) => {
      const own = all.filter(({ from }) => from === source);
      const networks = networksOf(source, cluster.network).map(code);
      const who = source.includes("/")
        ? enumerated(networks)
        : [sourceLabel(source), ...networks].join("<br>");
      return [who, ...columns.map(({ cell }) => own.flatMap((flow) => cell(flow) ?? []).join("<br>"))];
    }),
  );
}

/** Column for programs that run on the hosts of a role. */
function hosts(title: "servers" | "agents", role: "server" | "agent", { nodes }: Cluster): Column {
  const ofRole = new Set(nodes.filter((node) => node.role === role).map(({ hostname }) => hostname));
  const cell = (flow: Flow): string | undefined => {
    if (flow.to === "services of the host") return described(flow);
    if (flow.protocol === "any" || (isPortFlow(flow) && flow.servedBy === "service")) return undefined;
    if (flow.to === "every host" || flow.to === title) return described(flow);
    return ofRole.has(flow.to) ? `${code(flow.to)} only: ${described(flow)}` : undefined;
  };
  return { title, cell };
}

/** Column for forwarded traffic. Flows that either a host or a service answers are in the hosts' columns. */
const PODS_AND_SERVICES: Column = {
  title: "pods, and services through every host",
  cell: (flow) =>
    flow.to === "pods" ||
    flow.to === "anywhere beyond the host" ||
    (isPortFlow(flow) && flow.servedBy === "service")
      ? described(flow)
      : undefined,
};

const described = (flow: Flow): string => `${openedPorts(flow)}: ${plain(flow.why)}`;
