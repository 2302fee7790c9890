import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SnapshotsSettings } from "../../src/config/settings";
import { agent, emit, REFERENCE, server, temporaryFolder } from "../fixture";

const NODES = [
  server("one", "alphard", 134, { clusterInit: true }),
  server("two", "alnair", 137),
  server("three", "acrux", 138),
  agent("four", "hamal", 135),
];

function emitted(snapshots?: SnapshotsSettings): (file: string) => string {
  const folder = temporaryFolder();
  emit(folder, NODES, { ...REFERENCE, k3s: { ...REFERENCE.k3s, snapshots } });
  return (file) => readFileSync(join(folder, "nix", file), "utf8");
}

test("every server takes snapshots as stated, and no agent hears of it", () => {
  const text = emitted({
    schedule: "30 */6 * * *",
    keep: 8,
    compress: true,
    s3: {
      endpoint: "s3.example.org",
      bucket: "etcd",
      folder: "home",
      region: "eu-west-1",
      secretFile: "/var/lib/k3s-secrets/s3",
    },
  });
  for (const directory of ["one", "two", "three"]) {
    const module = text(`${directory}/k3s-server.nix`);
    // systemd takes the quotes away, and leaves one argument (systemd.service, "COMMAND LINES").
    expect(module).toContain(String.raw`"\"--etcd-snapshot-schedule-cron=30 */6 * * *\""`);
    for (const flag of [
      "--etcd-snapshot-retention=8",
      "--etcd-snapshot-compress",
      "--etcd-s3",
      "--etcd-s3-endpoint=s3.example.org",
      "--etcd-s3-bucket=etcd",
      "--etcd-s3-folder=home",
      "--etcd-s3-region=eu-west-1",
    ])
      expect(module).toContain(`"${flag}"`);
    expect(module).toContain('environmentFile = "/var/lib/k3s-secrets/s3";');
  }
  expect(text("four/k3s-agent.nix")).not.toMatch(/etcd|s3/);
  // What a restore is run with is one argument for the shell there, too.
  expect(text("README.md")).toContain("--etcd-snapshot-schedule-cron=30 */6 * * *");
});

test("what is not stated is not emitted, so K3s keeps its own", () => {
  expect(emitted()("one/k3s-server.nix")).not.toMatch(/--etcd|environmentFile/);
  expect(emitted({ keep: 3 })("one/k3s-server.nix")).not.toMatch(/etcd-s3|compress|environmentFile/);
});

test("where a bucket has them too, the cluster's README says how to restore from it", () => {
  const s3 = { endpoint: "s3.example.org", bucket: "etcd", secretFile: "/var/lib/k3s-secrets/s3" };
  const command = "npm run rollout -- backup --from-s3";
  expect(emitted({ s3 })("README.md")).toContain(command);
  expect(emitted({})("README.md")).not.toContain(command);
});
