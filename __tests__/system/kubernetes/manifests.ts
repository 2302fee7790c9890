/** Objects of `k3s.manifests` for a real API, in a namespace of their own. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { manifestObjects, Manifests, type ManifestPlan } from "../../../src/rollout/manifests";
import { objectName } from "../../../src/emit/kubernetes-manifests";
import { Redactor } from "../../../src/rollout/secrets";
import type { K3s } from "../../../src/config/model";
import { temporaryFolder } from "../../fixture";
import type { Bed } from "./bed";

const SECRET = "planted-0b5e55ed";

const FIRST = `
# Objects of an add-on
apiVersion: v1
kind: Namespace
metadata: { name: add-on }
--- # what it reads
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: add-on }
data:
  mode: |
    a
    ---not a document
  size: "1"
---
apiVersion: v1
kind: Secret
metadata: { name: password, namespace: add-on }
stringData: { password: ${SECRET} }
---
`;

const DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: pools.example.org }
spec:
  group: example.org
  names: { kind: Pool, plural: pools }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true }
`;

const POOL = `
apiVersion: example.org/v1
kind: Pool
metadata: { name: nodes, namespace: add-on }
spec: { size: 3 }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: beside }
data: { mode: a }
`;

/** The objects of these files, with some of their text replaced. */
export function manifests(
  { kubernetes, hosts }: Bed,
  edit: (text: string) => string = (text) => text,
): Manifests {
  const folder = temporaryFolder();
  // The pool comes before its definition.
  const files = [FIRST, POOL, DEFINITION].map((text, index) => {
    const file = join(folder, `${index}.yaml`);
    writeFileSync(file, edit(text));
    return file;
  });
  const k3s = { ...hosts[0]?.description.k3s, manifests: files } as K3s;
  return new Manifests(kubernetes, manifestObjects({ k3s }, new Redactor()));
}

export const verdicts = ({ objects }: ManifestPlan): Record<string, string> =>
  Object.fromEntries(objects.map(({ object, verdict }) => [objectName(object), verdict]));

export const changedIn = (plan: ManifestPlan): string[] =>
  Object.entries(verdicts(plan)).flatMap(([name, verdict]) => (verdict === "unchanged" ? [] : name));

/** What the API counts up at each change. */
export async function revisions({ plane }: Bed): Promise<string> {
  const words = ["-n", "add-on", "-o", "jsonpath={.items[*].metadata.resourceVersion}"];
  return (await plane.kubectl(["get", "configmaps,secrets,pools.example.org", ...words])).stdout;
}
