import { API_PORT } from "../config/k3s";
import { servers, type Cluster } from "../config/model";
import { endpointHost, isEndpoint } from "../config/network";
import { counted } from "../base/markdown";
import { fill } from "./templates";

/** File name in the folder of the hosts. */
export const HAPROXY = "haproxy.cfg";

/** Renders `haproxy.cfg`, a document for whoever runs the balancer; `undefined` where the cluster itself has the API's address. */
export function renderHaproxy(cluster: Cluster): string | undefined {
  const { apiEndpoint, apiVip, nodes } = cluster;
  const host = endpointHost(apiEndpoint);
  if (host === undefined || apiVip !== undefined || nodes.some((node) => isEndpoint(apiEndpoint, node)))
    return undefined;
  const all = servers(cluster);
  return fill(HAPROXY, {
    endpoint: host,
    count: counted(all.length, "server"),
    // A URL class leaves the port of its protocol out.
    port: new URL(apiEndpoint).port || "443",
    apiPort: API_PORT,
    servers: all,
  });
}
