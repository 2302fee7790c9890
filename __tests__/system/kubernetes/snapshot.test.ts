/** Reads snapshots that a real etcd took of a real Kubernetes. What K3s adds, a file for each and its name, is left out. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kindOf, readSnapshot } from "../../../src/backup/snapshot";
import { nodesIn, volumesIn } from "../../../src/backup/stored-objects";
import { bound, boundVolumes } from "../../../src/rollout/local-volumes";
import type { ApiNode } from "../../../testbed/machines/stored-objects";
import { FIVE_NODES, temporaryFolder } from "../../fixture";
import { CURL, describeWith } from "../tools";
import { Bed, KUBERNETES } from "./bed";
import { askEtcd, takenSnapshot } from "./etcd";

describeWith([...KUBERNETES, CURL], "a snapshot of a real etcd", () => {
  let bed: Bed;

  beforeAll(async () => (bed = await Bed.start(FIVE_NODES)));
  afterAll(() => bed?.stop());

  const taken = async (): Promise<string> => {
    const path = join(temporaryFolder(), "snapshot");
    writeFileSync(path, await takenSnapshot(bed));
    return path;
  };

  const base64 = (text: string): string => Buffer.from(text).toString("base64");

  interface Range {
    readonly header: { readonly revision: string };
    readonly kvs: readonly { readonly key: string; readonly mod_revision: string }[];
  }

  test("holds exactly the objects and revisions that etcd says", async () => {
    await bed.plane.create(
      ...Array.from({ length: 300 }, (_, index) => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: `many-${index}` },
        data: { text: "x".repeat(index * 10) },
      })),
    );
    await bed.plane.kubectl(["delete", "configmap", "many-7", "many-8"]);
    const path = await taken();
    const range = { key: base64("\0"), range_end: base64("\0"), keys_only: true };
    const { header, kvs } = JSON.parse(await askEtcd(bed, "kv/range", range)) as Range;
    const snapshot = readSnapshot(path);
    const changed = new Set(
      kvs.filter(({ mod_revision: at }) => Number(at) > snapshot.revision).map(({ key }) => key),
    );
    const unchanged = kvs.filter(({ key }) => !changed.has(key));
    expect(unchanged.length).toBeGreaterThan(300);
    for (const { key, mod_revision: at } of unchanged)
      expect([key, snapshot.objects.get(Buffer.from(key, "base64").toString())]).toEqual([key, Number(at)]);
    const known = new Set(kvs.map(({ key }) => Buffer.from(key, "base64").toString()));
    expect([...snapshot.objects.keys()].filter((key) => !known.has(key))).toEqual([]);
    expect(snapshot.revision).toBeLessThanOrEqual(Number(header.revision));
    const configMaps = [...snapshot.objects.keys()].filter((key) => kindOf(key) === "configmaps");
    expect(configMaps.length).toBeGreaterThanOrEqual(298);
  });

  test("is known by the UID of the namespace kube-system", async () => {
    const words = ["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"];
    const { stdout } = await bed.plane.kubectl(words);
    expect(readSnapshot(await taken()).clusterUid).toBe(stdout);
  });

  test("says of Nodes and volumes what the API says", async () => {
    const hostPath = { path: "/var/lib/rancher/k3s/storage/pvc-data" };
    const nodeAffinity = {
      required: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["mizar"] }] },
        ],
      },
    };
    const spec = { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath, nodeAffinity };
    const claimRef = { namespace: "default", name: "data" };
    await bed.plane.create({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: "pvc-data" },
      spec: { ...spec, claimRef },
    });
    const snapshot = readSnapshot(await taken());
    const ask = async (kind: string): Promise<string> =>
      (await bed.plane.kubectl(["get", kind, "-o", "json"])).stdout;
    const { items } = JSON.parse(await ask("nodes")) as { items: ApiNode[] };
    expect(items.length).toBeGreaterThan(1);
    const roles = ["node-role.kubernetes.io/etcd", "node-role.kubernetes.io/control-plane"];
    const expected = items.map(({ metadata, status }) => ({
      name: metadata.name,
      server: roles.some((role) => role in (metadata.labels ?? {})),
      address: status.addresses?.find(({ type }) => type === "InternalIP")?.address ?? "",
      version: status.nodeInfo?.kubeletVersion,
    }));
    expect(nodesIn(snapshot)).toEqual(expected);
    expect(bound(volumesIn(snapshot))).toEqual(boundVolumes(await ask("persistentvolumes")));
    expect(bound(volumesIn(snapshot))).toEqual([
      { namespace: "default", claim: "data", node: "mizar", path: hostPath.path },
    ]);
  });

  test("that is cut off anywhere is refused", async () => {
    const path = await taken();
    const bytes = readFileSync(path);
    const size = bytes.length;
    for (const end of [0, 1, 512, size - 512, size - 100, size - 32, size - 1]) {
      writeFileSync(path, bytes.subarray(0, end));
      expect(() => readSnapshot(path)).toThrow(expect.objectContaining({ code: "invalid" }));
    }
  });
});
