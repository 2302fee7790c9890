import { unitFlags, unitFlagsAside } from "../../src/rollout/k3s-unit";
import type { Host } from "../../src/rollout/host";
import { Report } from "../../src/rollout/script";

/** A host that reports such an ExecStart, as `busctl --json=short` prints it. */
function hostWith(...argv: string[]): Host {
  const json = JSON.stringify({
    type: "a(sasbttttuii)",
    data: [["/nix/store/x-k3s/bin/k3s", argv, false, 0, 0, 0, 0, 0, 0, 0]],
  });
  const report = new Report(`@unit ${Buffer.from(json).toString("base64")}\n`);
  return { name: "alphard", call: () => Promise.resolve(report) } as unknown as Host;
}

const host = hostWith();
const K3S = "/nix/store/x-k3s/bin/k3s";

test("the flags of a unit are those that systemd starts it with", async () => {
  const flags = ["--token-file", "/var/lib/token", "--cluster-init", "--node-label=a=$$b"];
  await expect(unitFlags(hostWith(K3S, "server", ...flags))).resolves.toEqual([
    ...flags.slice(0, 3),
    "--node-label=a=$b",
  ]);
});

test.each<readonly [string[], RegExp]>([
  [[K3S, "agent"], /its K3s is no server/],
  [[K3S], /its K3s is no server/],
  [[K3S, "server", "--node-name=${NAME}"], /depends on the environment of its unit/],
  [[K3S, "server", "a\nb"], /depends on the environment of its unit/],
])("a unit with %j is refused", async (argv, why) => {
  await expect(unitFlags(hostWith(...argv))).rejects.toThrow(why);
});

test("what is no unit is refused", async () => {
  const strange = { name: "alphard", call: () => Promise.resolve(new Report("@unit bm9uZQ==\n")) };
  await expect(unitFlags(strange as unknown as Host)).rejects.toThrow(
    /systemd does not say how K3s is started/,
  );
});

test("a server aside has the same flags, but for its data, its tokens, its files and its snapshots", () => {
  const flags = [
    "--token-file",
    "/var/lib/token",
    "--cluster-init",
    "--node-name=alphard",
    "--write-kubeconfig=/root/config",
    "--write-kubeconfig-group=wheel",
    "--log=/var/log/k3s.log",
    "--agent-token-file=/var/lib/k3s-secrets/agent-token",
    "--vpn-auth-file",
    "/var/lib/k3s-secrets/vpn",
    "--etcd-arg=log-outputs=/var/log/etcd.log",
    "--kube-apiserver-arg=audit-log-path=/var/log/audit.log",
    "--kube-apiserver-arg",
    "audit-log-maxage=3",
    "--data-dir",
    "/var/lib/other",
    "--etcd-s3",
    "--etcd-s3-bucket=backups",
    "--etcd-snapshot-schedule-cron=0 1 * * *",
    "--secrets-encryption",
    "--kube-apiserver-arg",
    "profiling=false",
  ];
  expect(unitFlagsAside(host, flags)).toEqual([
    "--cluster-init",
    "--node-name=alphard",
    "--secrets-encryption",
    "--kube-apiserver-arg",
    "profiling=false",
    "--disable-agent",
    "--etcd-disable-snapshots",
  ]);
});

test.each([
  [["--server=https://10.0.0.1:6443"], /joins another server/],
  [["--server", "https://10.0.0.1:6443"], /joins another server/],
  [["--datastore-endpoint=mysql://x"], /no etcd of its own \(--datastore-endpoint\)/],
  [["--disable-etcd"], /no etcd of its own/],
  [["--etcd-arg=wal-dir=/srv/wal"], /log outside of K3s' data \(--etcd-arg=wal-dir\)/],
  [["--etcd-arg", "--wal-dir=/srv/wal"], /log outside of K3s' data/],
])("a server with %j is not restored", (flags, why) => {
  expect(() => unitFlagsAside(host, flags)).toThrow(why);
});
