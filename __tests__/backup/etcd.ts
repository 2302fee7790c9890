/** Snapshots of a cluster as K3s would take them, by a stand-in for etcd. */
import { crc32, deflateRawSync } from "node:zlib";
import { bootstrapKey } from "../../testbed/machines/cluster-state";
import { etcdSnapshot, type Change } from "../../testbed/machines/etcd-snapshot";
import { storedNode, storedVolume } from "../../testbed/machines/stored-objects";

export const CLUSTER_UID = "3f0e6f0c-5d5b-4f2a-9f0e-0c5a5b1d2e3f";
export const SNAPSHOT_TOKEN = "planted-5ca1ab1e5ca1ab1e";

const node = (name: string, address: string, roles: readonly string[]): Change => ({
  key: `/registry/minions/${name}`,
  content: storedNode({
    metadata: {
      name,
      labels: Object.fromEntries(roles.map((role) => [`node-role.kubernetes.io/${role}`, "true"])),
    },
    status: {
      addresses: [
        { type: "Hostname", address: name },
        { type: "InternalIP", address },
      ],
      nodeInfo: { kubeletVersion: "v1.33.5+k3s1" },
    },
  }),
});

/** Of two servers and an agent with a volume. @param more - further changes */
export const clusterSnapshot = (...more: readonly Change[]): Buffer =>
  etcdSnapshot([
    { key: bootstrapKey(SNAPSHOT_TOKEN), content: "encrypted" },
    { key: "/registry/namespaces/kube-system", content: `k8s\0 kube-system $${CLUSTER_UID} *` },
    node("alphard", "192.0.2.34", ["control-plane", "etcd"]),
    node("hard", "192.0.2.35", ["control-plane", "etcd"]),
    node("mizar", "192.0.2.36", []),
    {
      key: "/registry/persistentvolumes/pvc-data-0",
      content: storedVolume({ namespace: "default", claim: "data-0", node: "mizar" }),
    },
    ...more,
  ]);

/** In the place of a size that does not fit in 32 bits. */
const IN_EXTRA = 0xffff_ffff;

/** As Go's archive/zip writes one file to a stream: its sizes follow its content. */
export function zipped(content: Buffer, stated = content.length): Buffer {
  const [name, data] = [Buffer.from("rollout-alphard-1"), deflateRawSync(content)];
  const [header, sizes, entry, end] = [30, 16, 46, 22].map((length) => Buffer.alloc(length)) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(8, 6);
  header.writeUInt16LE(8, 8);
  header.writeUInt16LE(name.length, 26);
  sizes.writeUInt32LE(0x08074b50, 0);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 8);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt16LE(name.length, 28);
  for (const [bytes, at] of [
    [sizes, 4],
    [entry, 16],
  ] as const) {
    bytes.writeUInt32LE(crc32(content), at);
    bytes.writeUInt32LE(data.length, at + 4);
    bytes.writeUInt32LE(Math.min(stated, IN_EXTRA), at + 8);
  }
  const extra = Buffer.alloc(stated < IN_EXTRA ? 0 : 12);
  if (extra.length > 0) {
    // Zip64: the size alone.
    extra.writeUInt32LE(0x0008_0001, 0);
    extra.writeBigUInt64LE(BigInt(stated), 4);
    entry.writeUInt16LE(extra.length, 30);
  }
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length + name.length + extra.length, 12);
  end.writeUInt32LE(header.length + name.length + data.length + sizes.length, 16);
  return Buffer.concat([header, name, data, sizes, entry, name, extra, end]);
}
