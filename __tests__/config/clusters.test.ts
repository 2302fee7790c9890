import { faultsBetweenClusters } from "../../src/config/clusters";
import { describeFaults } from "../../src/config/fault";
import type { NamedCluster } from "../../src/config/named-cluster";
import type { ClusterSettings } from "../../src/config/settings";
import { ALPHARD, FURTHER, REFERENCE, server } from "../fixture";
import { OPERATOR_KEY } from "./operator-key";
import { resolved } from "./resolved";

const OTHER = server("k3s-server", "altair", 144);

const named = (
  name: string,
  settings: ClusterSettings,
  node = OTHER,
  pveEndpoint?: string,
): NamedCluster => ({
  name,
  cluster: resolved(settings, [node], OPERATOR_KEY).cluster,
  ...(pveEndpoint === undefined ? {} : { pveEndpoint }),
});

const between = (one: NamedCluster, other: NamedCluster): string[] =>
  describeFaults(faultsBetweenClusters([one], other));

test.each<[string | undefined, string | undefined, boolean]>([
  [undefined, undefined, true],
  ["https://pve:8006", undefined, true],
  [undefined, "https://pve:8006", true],
  ["https://pve:8006", "https://pve:8006", true],
  ["https://pve:8006", "https://other:8006", false],
])("VM IDs at the Proxmox VE %p and %p may clash: %p", (here, there, expected) => {
  const same = server("k3s-server", "altair", 134, {
    ipv4Address: "172.22.0.144",
    macAddress: "BC:24:11:00:00:44",
  });
  const faults = between(
    named("k3s", REFERENCE, ALPHARD, here),
    named("lab", { ...FURTHER, apiEndpoint: "https://172.22.0.144:6443" }, same, there),
  );
  expect(faults).toHaveLength(expected ? 1 : 0);
  expect(faults.join()).toContain(expected ? "both use 134 as 'vmId'" : "");
});

describe("snapshots of two clusters", () => {
  const S3 = {
    endpoint: "s3.example.org",
    bucket: "etcd",
    folder: "home",
    secretFile: "/var/lib/k3s-secrets/s3",
  };
  const faultsWith = (one: object | undefined, other: object | undefined): string[] => {
    const withS3 = (settings: ClusterSettings, s3?: object): ClusterSettings => ({
      ...settings,
      k3s: { ...settings.k3s, ...(s3 === undefined ? {} : { snapshots: { s3: s3 as typeof S3 } }) },
    });
    return between(named("k3s", withS3(REFERENCE, one), ALPHARD), named("lab", withS3(FURTHER, other)));
  };

  test("cannot be in one folder of one bucket", () => {
    expect(faultsWith(S3, S3)).toEqual([
      "k3s and lab would both keep snapshots in s3.example.org/etcd/home; state another 'k3s.snapshots.s3.folder' for each",
    ]);
    const whole = { ...S3, folder: undefined };
    expect(faultsWith(whole, whole)).toEqual([
      "k3s and lab would both keep snapshots in s3.example.org/etcd; state another 'k3s.snapshots.s3.folder' for each",
    ]);
  });

  test.each<[string, object | undefined, object | undefined]>([
    ["in another folder", S3, { ...S3, folder: "lab" }],
    ["in another bucket", S3, { ...S3, bucket: "lab" }],
    ["at another endpoint", S3, { ...S3, endpoint: "s3.example.net" }],
    ["on the servers of one", S3, undefined],
    ["on the servers of the other", undefined, S3],
  ])("may be %s", (_, one, other) => {
    expect(faultsWith(one, other)).toEqual([]);
  });
});
