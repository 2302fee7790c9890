import * as z from "zod";
import type { Manifest } from "../backup/manifest";
import { parseJson } from "../base/json";
import { UserError } from "../base/user-error";

/** A volume on the disk of a node. */
export type LocalVolume = Manifest["volumes"][number];

/** The parts of a list of PersistentVolumes that are read here (kubernetes, core/v1). */
const VOLUMES = z.object({
  items: z.array(
    z.object({
      spec: z.object({
        claimRef: z.object({ namespace: z.string(), name: z.string() }).optional(),
        local: z.unknown().optional(),
        hostPath: z.unknown().optional(),
        nodeAffinity: z
          .object({
            required: z
              .object({
                nodeSelectorTerms: z.array(
                  z.object({
                    matchExpressions: z
                      .array(z.object({ key: z.string(), values: z.array(z.string()).optional() }))
                      .optional(),
                  }),
                ),
              })
              .optional(),
          })
          .optional(),
      }),
    }),
  ),
});

/**
 * Volumes that are folders of a node, with their claims: K3s' local-path provisioner makes such ones
 * (local-path-provisioner, provisioner.go: `hostPath` or `local`, with the node's name as its affinity).
 *
 * @param text - what kubectl prints as JSON
 * @throws UserError `unavailable` when Kubernetes would not answer like this
 */
export function localVolumes(text: string): LocalVolume[] {
  const { data } = VOLUMES.safeParse(parseJson(text));
  if (data === undefined)
    throw new UserError("unavailable", "the API returns a list of volumes that Kubernetes would not return");
  return data.items
    .flatMap(({ spec: { claimRef, local, hostPath, nodeAffinity } }) => {
      if (claimRef === undefined || (local ?? hostPath) === undefined) return [];
      const expressions = (nodeAffinity?.required?.nodeSelectorTerms ?? []).flatMap(
        ({ matchExpressions = [] }) => matchExpressions,
      );
      const node = expressions.find(({ key }) => key === "kubernetes.io/hostname")?.values?.[0] ?? "";
      return [{ namespace: claimRef.namespace, claim: claimRef.name, node }];
    })
    .sort((a, b) => (inWords(a) < inWords(b) ? -1 : 1));
}

export const inWords = ({ namespace, claim, node }: LocalVolume): string =>
  `${namespace}/${claim}${node === "" ? "" : ` on ${node}`}`;
