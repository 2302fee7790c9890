import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../fixture";
import { cluster, emitted } from "../system/clusters";

const monitoring = { from: ["192.168.50.0/24"] };

const alertsOf = (...[sketch]: Parameters<typeof cluster>): string =>
  emitted(cluster({ ...sketch, nixos: { monitoring } })).get("monitoring/alerts.yaml") ?? "";

describe("what reads the hosts", () => {
  test("is emitted only when it is asked for", () => {
    const names = (nixos: object): string[] =>
      [...emitted(cluster({ agents: 0, nixos })).keys()].filter((path) => path.includes("monitoring"));
    expect(names({})).toEqual([]);
    expect(names({ monitoring }).sort()).toEqual([
      "k3s-server-1/monitoring.nix",
      "k3s-server-1/monitoring.sh",
      "monitoring/alerts.yaml",
      "monitoring/dashboard.json",
      "monitoring/prometheus.yaml",
      "monitoring/targets.yaml",
    ]);
  });

  test("names every host, with its role", () => {
    const files = emitted(
      cluster({ agents: 1, nixos: { monitoring: { ...monitoring, nodeExporterPort: 9101 } } }),
    );
    expect(files.get("monitoring/targets.yaml")).toContain(`
- targets: ["172.22.0.134:9101"]
  labels: { instance: "server-1", role: "server" }
- targets: ["172.22.0.135:9101"]
  labels: { instance: "agent-1", role: "agent" }
`);
  });

  test("expects as many members of etcd as there are servers, and none beside an only one", () => {
    expect(alertsOf({ servers: 3 })).toContain("k3s_host_etcd_connected_members < 3\n");
    expect(alertsOf({ servers: 1 })).not.toContain("connected_members");
  });

  test("warns of certificates when a verification does", () => {
    expect(alertsOf({})).toContain("< 30 * 86400");
  });

  test("warns of old snapshots when a verification does, and not where K3s takes none", () => {
    const hours = (k3s: Parameters<typeof cluster>[0]["k3s"]): (string | undefined)[] => {
      const alerts = alertsOf({ k3s });
      return [
        /snapshot_timestamp_seconds > (\d+) \* 3600/,
        /for: (\d+)h\n.*\n.*\n.*has no snapshot of etcd/,
      ].map((each) => each.exec(alerts)?.[1]);
    };
    expect(hours({})).toEqual(["25", "25"]);
    expect(hours({ snapshots: { maxAgeHours: 48 } })).toEqual(["48", "48"]);
    expect(hours({ serverFlags: ["--etcd-disable-snapshots"] })).toEqual([undefined, undefined]);
  });

  test("asks for a reboot for the same parts as a rollout", () => {
    const program =
      emitted(cluster({ agents: 0, nixos: { monitoring } })).get("k3s-server-1/monitoring.sh") ?? "";
    const facts = readFileSync(join(REPOSITORY, "src/rollout/remote/facts.sh"), "utf8");
    const parts = (text: string): string[] => [
      ...(/for part in (kernel .*); do/.exec(text)?.slice(1) ?? []),
      ...(/cmp -s .*/.exec(text)?.[0].match(/\S+\/kernel-params/g) ?? []),
    ];
    expect(parts(facts)).toHaveLength(3);
    expect(parts(program)).toEqual(parts(facts));
  });
});
