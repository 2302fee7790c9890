import { cluster, emitted } from "../system/clusters";

const drilled = (servers: number, drill: object = {}, serverFlags: readonly string[] = []) =>
  emitted(
    cluster({ servers, agents: 1, k3s: { snapshots: { drill }, serverFlags }, allowEvenServerCount: true }),
  );

const calendars = (servers: number): (string | undefined)[] => {
  const files = drilled(servers);
  return Array.from(
    { length: servers },
    (_, at) => /startAt = "(.*)"/.exec(files.get(`k3s-server-${at + 1}/drill.nix`) ?? "")?.[1],
  );
};

test("servers try their snapshots only where main.ts says so, and agents have none", () => {
  const names = (files: ReadonlyMap<string, string>): string[] =>
    [...files].flatMap(([path, text]) => (/drill/.test(path) || /drill/.test(text) ? path : []));
  expect(names(emitted(cluster({ k3s: { snapshots: { keep: 3 } } })))).toEqual([]);
  expect(names(drilled(1))).toEqual([
    "k3s-server-1/configuration.nix",
    "k3s-server-1/drill.nix",
    "k3s-server-1/drill.sh",
    "k3s-server-1/drill-aside.sh",
  ]);
});

test("each server has a day of its own, which every month has, and keeps it when another is added", () => {
  const all = calendars(9);
  expect(all.slice(0, 3)).toEqual(["*-*-01 03:30:00", "*-*-10 03:30:00", "*-*-19 03:30:00"]);
  expect(new Set(all).size).toBe(9);
  expect(all.every((calendar) => /^\*-\*-([01]\d|2[0-8]) /.test(calendar ?? ""))).toBe(true);
  expect(calendars(3)).toEqual(all.slice(0, 3));
  expect(drilled(1, { time: "23:05" }).get("k3s-server-1/drill.nix")).toContain('"*-*-01 23:05:00"');
});

test("the server aside has the flags of the host's unit, and shares none of its files", () => {
  const program =
    drilled(3, {}, ["--secrets-encryption", "--kube-apiserver-arg=audit-log-path=/var/log/audit.log"]).get(
      "k3s-server-2/drill-aside.sh",
    ) ?? "";
  const [, flags = ""] = /^flags='([^']*)'/m.exec(program) ?? [];
  expect(flags.split("\n")).toEqual([
    "--cluster-init",
    "--node-name=server-2",
    "--node-ip=172.22.0.135",
    "--flannel-iface=ens18",
    "--cluster-cidr=10.42.0.0/16",
    "--service-cidr=10.43.0.0/16",
    "--service-node-port-range=30000-32767",
    "--tls-san=172.22.0.134",
    "--secrets-encryption",
    "--disable-agent",
    "--etcd-disable-snapshots",
  ]);
  expect(program).toMatch(/^address='?172\.22\.0\.135\/24'?$/m);
});

test("the program reads the snapshots where K3s writes them", () => {
  const flag = "--etcd-snapshot-dir=/srv/snapshots";
  expect(drilled(1, {}, [flag]).get("k3s-server-1/drill.sh")).toMatch(/^snapshots='?\/srv\/snapshots'?$/m);
});
