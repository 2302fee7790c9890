import * as z from "zod";
import type { Manifest } from "../backup/manifest";
import { parseJson } from "../base/json";
import { UserError } from "../base/user-error";

/** A volume that a claim is bound to. */
export interface BoundVolume extends Pick<Manifest["volumes"][number], "namespace" | "claim" | "node"> {
  /** Its folder, as the API says it. @default - it is not on the disk of a node */
  readonly path?: string;
}

/** A volume on the disk of a node. */
export type LocalVolume = Required<BoundVolume>;

const onDisk = z.object({ path: z.string().max(4096) });

/** The parts of a list of PersistentVolumes that are read here (kubernetes, core/v1). */
const VOLUMES = z.object({
  items: z.array(
    z.object({
      spec: z.object({
        claimRef: z.object({ namespace: z.string(), name: z.string() }).optional(),
        local: onDisk.optional(),
        hostPath: onDisk.optional(),
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
 * Volumes with claims, in the order of these.
 *
 * @param text - what kubectl prints as JSON
 * @throws UserError `unavailable` when Kubernetes would not answer like this
 */
export function boundVolumes(text: string): BoundVolume[] {
  const { data } = VOLUMES.safeParse(parseJson(text));
  if (data === undefined)
    throw new UserError("unavailable", "the API returns a list of volumes that Kubernetes would not return");
  return bound(data.items);
}

/** The same of objects that are read already. */
export const bound = (items: readonly z.output<typeof VOLUMES>["items"][number][]): BoundVolume[] =>
  items
    .flatMap(({ spec: { claimRef, local, hostPath, nodeAffinity } }) => {
      if (claimRef === undefined) return [];
      const expressions = (nodeAffinity?.required?.nodeSelectorTerms ?? []).flatMap(
        ({ matchExpressions = [] }) => matchExpressions,
      );
      const node = expressions.find(({ key }) => key === "kubernetes.io/hostname")?.values?.[0] ?? "";
      const path = (local ?? hostPath)?.path;
      const volume = { namespace: claimRef.namespace, claim: claimRef.name, node };
      return [path === undefined ? volume : { ...volume, path }];
    })
    .sort((a, b) => (inWords(a) < inWords(b) ? -1 : 1));

/**
 * Those that are folders of a node: K3s' local-path provisioner makes such ones
 * (local-path-provisioner, provisioner.go: `hostPath` or `local`, with the node's name as its affinity).
 */
export const localVolumes = (volumes: readonly BoundVolume[]): LocalVolume[] =>
  volumes.filter((volume): volume is LocalVolume => volume.path !== undefined);

/** As a person names it. */
export const claimOf = ({ namespace, claim }: Pick<BoundVolume, "namespace" | "claim">): string =>
  `${namespace}/${claim}`;

export const inWords = (volume: Pick<BoundVolume, "namespace" | "claim" | "node">): string =>
  `${claimOf(volume)}${volume.node === "" ? "" : ` on ${volume.node}`}`;
