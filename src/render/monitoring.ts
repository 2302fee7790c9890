import { systemdWord } from "../base/escape";
import { servers, type Cluster, type ClusterNixos, type Node } from "../config/model";
import { DRILL_FOLDER, drillCalendar, drillOf } from "../config/drill";
import { certificateAuthorities, issuedCertificates } from "../config/k3s-certificates";
import { MONITORING } from "../config/names";
import { certificateDays } from "../config/rollout";
import { K3S_DATA } from "../config/settings";
import { snapshotLimitHours } from "../config/snapshots";
import { snapshotFolder } from "./k3s";
import { fill } from "./templates";

/** Where each host's own facts are, which node_exporter serves. */
const FACTS = "/run/k3s-host-metrics";

/** The emitted ruleset on its host, with which the table in the kernel is compared. */
const RULESET = "k3s-host/nftables.nft";

type Monitoring = NonNullable<ClusterNixos["monitoring"]>;

/** Renders `monitoring.nix`: node_exporter, and the timer that writes the host's own facts. */
export const renderMonitoring = ({ nodeExporterPort }: Monitoring, cluster: Cluster, node: Node): string =>
  fill("monitoring.nix", {
    hostname: node.hostname,
    ipv4Address: node.ipv4Address,
    port: nodeExporterPort,
    collectorFlag: `--collector.textfile.directory=${FACTS}`,
    facts: FACTS.replace("/run/", ""),
    ruleset: RULESET,
    words: [
      `/etc/${RULESET}`,
      K3S_DATA,
      systemdWord(snapshotFolder(cluster, node)),
      FACTS,
      ...(drillCalendar(cluster, node) === undefined ? [] : [DRILL_FOLDER]),
    ].join(" "),
  });

/** Renders `monitoring.sh`, which writes the host's own facts. */
export const renderFacts = (cluster: Cluster, node: Node): string =>
  fill("monitoring.sh", {
    certificates: [...issuedCertificates(node.role), ...certificateAuthorities(node.role)],
    drill: drillCalendar(cluster, node) !== undefined,
  });

/** Renders what Prometheus and Grafana need to read the hosts, by their paths in the folder of the hosts. */
export function renderMonitors({ nodeExporterPort }: Monitoring, cluster: Cluster): [string, string][] {
  const { length: members } = servers(cluster);
  const nodes = cluster.nodes.map(({ hostname, ipv4Address, role }) => ({
    hostname,
    role,
    address: `${ipv4Address}:${nodeExporterPort}`,
  }));
  // Where K3s takes no snapshots the panel is empty.
  const hours = snapshotLimitHours(cluster) ?? 24;
  const file = (name: string, context: object): [string, string] => {
    const path = `${MONITORING}/${name}`;
    return [path, fill(path, context)];
  };
  return [
    file("alerts.yaml", {
      members: members > 1 && members,
      certificateDays: certificateDays(cluster),
      snapshotHours: snapshotLimitHours(cluster) ?? false,
      drillDays: drillOf(cluster)?.maxAgeDays ?? false,
    }),
    file("dashboard.json", { snapshotSeconds: { half: 1800 * hours, limit: 3600 * hours } }),
    file("prometheus.yaml", {}),
    file("targets.yaml", { nodes }),
  ];
}
