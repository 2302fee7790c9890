import { boundVolumes, inWords, localVolumes } from "../../src/rollout/local-volumes";

const claimRef = { namespace: "default", name: "data" };
const nodeAffinity = {
  required: {
    nodeSelectorTerms: [
      { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["mizar"] }] },
    ],
  },
};
const listed = (...specs: object[]): string => JSON.stringify({ items: specs.map((spec) => ({ spec })) });

test("volumes on the disks of nodes are named by claim and node", () => {
  const text = listed(
    { claimRef, hostPath: { path: "/var/lib/rancher/k3s/storage/pvc" }, nodeAffinity },
    { claimRef: { namespace: "a", name: "b" }, local: { path: "/srv" } },
  );
  expect(localVolumes(boundVolumes(text)).map(inWords)).toEqual(["a/b", "default/data on mizar"]);
});

test("volumes elsewhere, and those that nobody claims, are not", () => {
  const text = listed({ claimRef, nfs: { server: "nas" } }, { hostPath: { path: "/srv" } });
  expect(localVolumes(boundVolumes(text))).toEqual([]);
});

test.each(["", "{}", '{"items":[{"spec":{"claimRef":"x"}}]}'])(
  "an answer that is no list is refused: %j",
  (text) => {
    expect(() => boundVolumes(text)).toThrow("a list of volumes that Kubernetes would not return");
  },
);
