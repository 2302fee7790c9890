/** Objects as Kubernetes stores them in etcd, with the fields that a snapshot is asked for; a real one's have many more. */
import { field } from "./protobuf";

/** The parts of a Node of the API. */
export interface ApiNode {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly status: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly nodeInfo?: { readonly kubeletVersion?: string };
  };
}

/** The volume of a claim, in a folder of a node. */
export interface DiskVolume {
  readonly namespace: string;
  readonly claim: string;
  readonly node: string;
}

export function storedNode({ metadata, status }: ApiNode): Buffer {
  const labels = Object.entries(metadata.labels ?? {}).map(([name, value]) =>
    field(11, Buffer.concat([field(1, name), field(2, value)])),
  );
  const addresses = (status.addresses ?? []).map(({ type, address }) =>
    field(5, Buffer.concat([field(1, type), field(2, address)])),
  );
  const info = field(7, field(7, status.nodeInfo?.kubeletVersion ?? ""));
  return stored("Node", [
    field(1, Buffer.concat([field(1, metadata.name), ...labels])),
    field(3, Buffer.concat([...addresses, info])),
  ]);
}

export function storedVolume({ namespace, claim, node }: DiskVolume): Buffer {
  const expression = Buffer.concat([field(1, "kubernetes.io/hostname"), field(2, "In"), field(3, node)]);
  return stored("PersistentVolume", [
    field(1, field(1, `pvc-${claim}`)),
    field(
      2,
      Buffer.concat([
        field(2, field(3, field(1, `/var/lib/rancher/k3s/storage/pvc-${claim}`))),
        field(4, Buffer.concat([field(2, namespace), field(3, claim)])),
        field(9, field(1, field(1, field(1, expression)))),
      ]),
    ),
  ]);
}

const stored = (kind: string, fields: readonly Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from("k8s\0"),
    field(1, Buffer.concat([field(1, "v1"), field(2, kind)])),
    field(2, Buffer.concat(fields)),
  ]);
