import { npmRun } from "../../base/command-line";
import { agentsNeedOf } from "../apply";
import type { Planned } from "../commands";

/** Why this cluster is not one to upgrade now. */
export function clusterFaults({ fleet, plans }: Pick<Planned, "fleet" | "plans">): string[] {
  const { nodes } = fleet;
  if (nodes === undefined)
    return [`No server's API answers, and an upgrade is no repair: see ${npmRun("rollout -- verify")}`];
  const fresh = plans.filter(({ verdict }) => verdict === "new").map(({ host }) => host.name);
  const strange = nodes.filter(({ ready, cordoned, cordonedByUs }) => !ready || (cordoned && !cordonedByUs));
  const need = agentsNeedOf(fleet.hosts);
  return [
    ...(need === undefined
      ? []
      : [
          `main.ts also has the servers ${need}, which agents wait for, and an upgrade may change an agent first: ` +
            `roll that out with the versions of now (${npmRun("rollout -- apply")}), and upgrade then`,
        ]),
    ...(fresh.length === 0
      ? []
      : [`${fresh.join(", ")} is not a node yet: ${npmRun("rollout -- apply")} first`]),
    ...fleet.hosts
      .filter(({ facts }) => facts.k3sVersion === "")
      .map(({ host }) => `${host.name} has no K3s: ${npmRun("rollout -- apply")} first`),
    ...strange.map(
      ({ name, ready }) => `${name} is ${ready ? "cordoned" : "not Ready"}: bring it back first`,
    ),
  ];
}
