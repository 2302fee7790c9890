/**
 * The objects of the stand-in for a cluster: those in the folder that all machines share, or those in a snapshot of it. Each has a
 * revision, which counts its changes, as etcd's does.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { passwordOf } from "../../src/config/secrets";
import { etcdSnapshot } from "./etcd-snapshot";
import { storedNode, type ApiNode } from "./stored-objects";

export const CLUSTER = "/cluster";

export interface StoredObject {
  /** In etcd. */
  readonly key: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly content: string;
}

export interface State {
  readonly uid: string;
  readonly objects: readonly StoredObject[];
}

/** Kinds that have a folder of files, and theirs in etcd. */
const KINDS = [
  { kind: "Node", folder: "nodes", prefix: "/registry/minions", namespace: "" },
  { kind: "Secret", folder: "secrets", prefix: "/registry/secrets/kube-system", namespace: "kube-system" },
  { kind: "ConfigMap", folder: "configmaps", prefix: "/registry/configmaps/default", namespace: "default" },
] as const;

const REVISIONS = join(CLUSTER, "revisions.json");
const UID_FILE = join(CLUSTER, "uid");

/** What the cluster holds now. */
export function presentState(): State {
  const uid = uidOf();
  const known = readRevisions();
  let last = Math.max(1, ...Object.values(known).map(({ revision }) => revision));
  const found = [namespaceOf(uid), ...KINDS.flatMap(filesOf)].map((object) => {
    const hash = createHash("sha256").update(object.content).digest("hex");
    const before = known[object.key];
    const revision = before?.hash === hash ? before.revision : ++last;
    known[object.key] = { revision, hash };
    return { ...object, revision };
  });
  writeFileSync(REVISIONS, JSON.stringify(known));
  return { uid, objects: found.sort((a, b) => a.revision - b.revision) };
}

type Revisions = Record<string, { revision: number; hash: string }>;

const readRevisions = (): Revisions =>
  existsSync(REVISIONS) ? (JSON.parse(readFileSync(REVISIONS, "utf8")) as Revisions) : {};

/** Of the first cluster. */
const FIRST_UID = "0b1f5c66-7a3e-4ad8-8c71-0a8a2f0f7d11";

/** Of the namespace kube-system. */
export const uidOf = (): string => (existsSync(UID_FILE) ? readFileSync(UID_FILE, "utf8") : FIRST_UID);

const namespaceOf = (uid: string): Omit<StoredObject, "revision"> => ({
  key: "/registry/namespaces/kube-system",
  kind: "Namespace",
  namespace: "",
  name: "kube-system",
  content: `kube-system ${uid}`,
});

function filesOf({
  kind,
  folder,
  prefix,
  namespace,
}: (typeof KINDS)[number]): Omit<StoredObject, "revision">[] {
  const path = join(CLUSTER, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((file) => /^[a-z0-9.-]+$/.test(file) && !file.endsWith(".kubectl"))
    .map((file) => {
      const name = basename(file, ".json");
      return {
        key: `${prefix}/${name}`,
        kind,
        namespace,
        name,
        content: readFileSync(join(path, file), "utf8"),
      };
    });
}

/** Its whole state is in one more object: `stateIn` finds it there. @param more - an object that makes it larger */
export function snapshotOf(state: State, more = ""): Buffer {
  const last = Math.max(...state.objects.map(({ revision }) => revision));
  const whole = `${BEGIN}${Buffer.from(JSON.stringify(state)).toString("base64")}${END}`;
  return etcdSnapshot([
    // Without a revision of its own, since it is no object of the state.
    { key: bootstrapKey(readFileSync(join(CLUSTER, "token"), "utf8")), content: "encrypted", revision: 1 },
    ...state.objects.map((object) =>
      object.kind === "Node"
        ? { ...object, content: storedNode(JSON.parse(object.content) as ApiNode) }
        : object,
    ),
    { key: "/testbed/state", content: whole, revision: last + 1 },
    { key: "/testbed/more", content: more, revision: last + 2 },
  ]);
}

/** Where K3s keeps what is encrypted with the token (k3s, pkg/cluster/encrypt.go, storageKey). */
export const bootstrapKey = (token: string): string =>
  `/bootstrap/${createHash("sha256").update(passwordOf(token.trim())).digest("hex").slice(0, 12)}`;

const [BEGIN, END] = ["<state>", "</state>"];

/** @returns `undefined` for another file */
export function stateIn(snapshot: string): State | undefined {
  const text = readFileSync(snapshot, "latin1");
  const begin = text.indexOf(BEGIN);
  if (begin < 0) return undefined;
  const base64 = text.slice(begin + BEGIN.length, text.indexOf(END, begin));
  return JSON.parse(Buffer.from(base64, "base64").toString("utf8")) as State;
}

/** Makes it the state of the cluster, as a server that starts on restored data does. */
export function become({ uid, objects }: State): void {
  writeFileSync(UID_FILE, uid);
  for (const { folder, kind } of KINDS) {
    const path = join(CLUSTER, folder);
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
    const suffix = kind === "Secret" ? "" : ".json";
    for (const each of objects.filter((object) => object.kind === kind))
      writeFileSync(join(path, `${each.name}${suffix}`), each.content);
  }
  const revisions = objects.map(({ key, revision, content }) => {
    const hash = createHash("sha256").update(content).digest("hex");
    return [key, { revision, hash }] as const;
  });
  writeFileSync(REVISIONS, JSON.stringify(Object.fromEntries(revisions)));
  for (const folder of ["leases", "members"]) {
    rmSync(join(CLUSTER, folder), { recursive: true, force: true });
    mkdirSync(join(CLUSTER, folder));
  }
}
