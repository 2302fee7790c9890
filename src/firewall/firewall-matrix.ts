import { networksOf } from "./flow-sources";
import { openedBy, sourceWords } from "./labels";
import { flows, isPortFlow, type Flow } from "./flows";
import type { Cluster } from "../config/model";
import { code, enumerated, plain } from "../base/markdown";
import { markdownTable } from "../base/table";

/** A column: what of the cluster is reached. */
interface Column {
  readonly title: string;
  /** What a flow opens there; hosts that are not all of that kind are named with it. */
  readonly cell: (flow: Flow) => string | undefined;
}

/** Who may reach what, on which ports, and why: as many rows as there are sources, however many hosts there are. */
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
        : [sourceWords(source), ...networks].join("<br>");
      return [who, ...columns.map(({ cell }) => own.flatMap((flow) => cell(flow) ?? []).join("<br>"))];
    }),
  );
}

/** Programs of the hosts themselves. */
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

/** What is forwarded: flows that a host or a service may answer stand with the hosts. */
const PODS_AND_SERVICES: Column = {
  title: "pods, and services through every host",
  cell: (flow) =>
    flow.to === "pods" ||
    flow.to === "anywhere beyond the host" ||
    (isPortFlow(flow) && flow.servedBy === "service")
      ? described(flow)
      : undefined,
};

const described = (flow: Flow): string => `${openedBy(flow)}: ${plain(flow.why)}`;
