import { existsSync } from "node:fs";
import { join } from "node:path";
import { enumerated } from "../base/markdown";
import { UserError } from "../base/user-error";
import type { Cluster, Node } from "../config/model";
import { CLUSTER_JSON } from "../render/cluster-json";
import { templateVms, type TemplateVm } from "../render/template-vm";
import { readDescription } from "../rollout/description";

export interface Template extends TemplateVm {
  /** Those that are cloned from it. */
  readonly nodes: readonly Node[];
}

/**
 * @param vmId - which of several. @default - the only one
 * @throws UserError `usage` when that is none, or not one
 */
export function templateOf(cluster: Pick<Cluster, "nodes">, vmId?: number): Template {
  const all = templateVms(cluster);
  const found = vmId === undefined && all.length === 1 ? all[0] : all.find((each) => each.vmId === vmId);
  const ids = enumerated(all.map((each) => `VM ${each.vmId}`));
  if (found !== undefined)
    return { ...found, nodes: cluster.nodes.filter(({ vm }) => vm.templateVmId === found.vmId) };
  if (vmId === undefined)
    throw new UserError("usage", `The cluster has several templates: ${ids}`, {
      remedy: "name one with --vm-id",
    });
  throw new UserError("usage", `No host is cloned from VM ${vmId}`, { remedy: `--vm-id is one of ${ids}` });
}

/**
 * Those that are cloned from it; none where no cluster was emitted.
 *
 * @param hosts - folder of the hosts
 */
export const nodesOfTemplate = (hosts: string, vmId?: number): readonly Node[] =>
  existsSync(join(hosts, CLUSTER_JSON)) ? templateOf(readDescription(hosts), vmId).nodes : [];
