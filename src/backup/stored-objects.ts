/**
 * Objects as Kubernetes stores them in etcd: a message in an envelope. Numbers of fields: kubernetes, staging/src/k8s.io/api/core/v1 and
 * apimachinery, pkg/apis/meta/v1, generated.proto; the envelope: apimachinery, pkg/runtime/serializer/protobuf.
 */
import { UserError } from "../base/user-error";
import { isServer } from "../config/node-roles";
import { Message, NotProtobuf } from "./protobuf";
import type { Snapshot } from "./snapshot";

/** What a snapshot says of a Node. */
export interface StoredNode {
  readonly name: string;
  /** A member of etcd. */
  readonly server: boolean;
  /** Its InternalIP. */
  readonly address: string;
  /** K3s version of its kubelet. */
  readonly version: string;
}

/** What a snapshot says of a PersistentVolume, as the API says it in JSON. */
export interface StoredVolume {
  spec: {
    claimRef?: { namespace: string; name: string };
    local?: { path: string };
    hostPath?: { path: string };
    nodeAffinity: { required: { nodeSelectorTerms: NodeSelectorTerm[] } };
  };
}

interface NodeSelectorTerm {
  matchExpressions: { key: string; values: string[] }[];
}

/** @throws UserError `invalid` */
export const nodesIn = (snapshot: Snapshot): StoredNode[] => decoded(snapshot, "/registry/minions/", nodeOf);

/** @throws UserError `invalid` */
export const volumesIn = (snapshot: Snapshot): StoredVolume[] =>
  decoded(snapshot, "/registry/persistentvolumes/", volumeOf);

function decoded<T>({ contents }: Snapshot, prefix: string, decode: (object: Message) => T): T[] {
  return [...contents]
    .filter(([key]) => key.startsWith(prefix))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, content]) => {
      try {
        return decode(opened(content));
      } catch (error) {
        if (!(error instanceof NotProtobuf)) throw error;
        throw new UserError("invalid", `the snapshot's ${key} is no object of Kubernetes: ${error.message}`, {
          remedy: "use another snapshot",
        });
      }
    });
}

const MAGIC = Buffer.from("k8s\0");

/** runtime.Unknown: 2 raw */
function opened(content: Buffer): Message {
  if (!content.subarray(0, MAGIC.length).equals(MAGIC)) throw new NotProtobuf("it is not stored as one");
  return new Message(content.subarray(MAGIC.length)).in(2);
}

/** Node: 1 metadata (1 name, 11 labels), 3 status (5 addresses: 1 type, 2 address; 7 nodeInfo: 7 kubeletVersion) */
function nodeOf(node: Message): StoredNode {
  const [metadata, status] = [node.in(1), node.in(3)];
  const labels = metadata.all(11).map((entry) => entry.text(1));
  return {
    name: metadata.text(1),
    server: isServer(labels),
    address:
      status
        .all(5)
        .find((each) => each.text(1) === "InternalIP")
        ?.text(2) ?? "",
    version: status.in(7).text(7),
  };
}

/**
 * PersistentVolume: 2 spec (2 source: 3 hostPath, 20 local, both 1 path; 4 claimRef: 2 namespace, 3 name; 9 nodeAffinity: 1 required:
 * 1 nodeSelectorTerms: 1 matchExpressions: 1 key, 3 values)
 */
function volumeOf(volume: Message): StoredVolume {
  const spec = volume.in(2);
  const source = spec.in(2);
  const claim = spec.in(4);
  const pathIn = (field: number): { path: string } => ({ path: source.in(field).text(1) });
  const nodeSelectorTerms = spec
    .in(9)
    .in(1)
    .all(1)
    .map((term) => ({
      matchExpressions: term.all(1).map((each) => ({ key: each.text(1), values: each.texts(3) })),
    }));
  return {
    spec: {
      ...(spec.has(4) ? { claimRef: { namespace: claim.text(2), name: claim.text(3) } } : {}),
      ...(source.has(3) ? { hostPath: pathIn(3) } : {}),
      ...(source.has(20) ? { local: pathIn(20) } : {}),
      nodeAffinity: { required: { nodeSelectorTerms } },
    },
  };
}
