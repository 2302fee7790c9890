/** Volumes on the disks of nodes that a person has named: where each is, or why it is not touched now. */
import { messageAtHost, UserError } from "../base/user-error";
import { localStorageOf } from "../config/k3s";
import type { Description } from "./description";
import type { Fleet } from "./fleet";
import type { Host } from "./host";
import { identityFaults } from "./identity";
import { kubectl } from "./kubectl";
import type { Kubernetes } from "./kubernetes";
import { boundVolumes, claimOf, type BoundVolume, type LocalVolume } from "./local-volumes";
import type { Pod } from "./pods";

export interface Named {
  /** `namespace/name` of the claims, of workloads that do not run. */
  readonly stopped: readonly string[];
  /** The same of workloads that run, of which the person says that they write nothing now. @default - that would not help */
  readonly quiesced?: readonly string[];
}

/** A volume, and the host that has it. */
export interface PlacedVolume extends LocalVolume {
  readonly host: Host;
}

/** @throws UserError when no server answers as Kubernetes would */
export async function readVolumes(kubernetes: Kubernetes): Promise<BoundVolume[]> {
  const [volumes = ""] = await kubernetes.ask((server, seconds) =>
    kubectl(server, [["get", "persistentvolumes", "-o", "json"]], seconds),
  );
  return boundVolumes(volumes);
}

/** @throws UserError `refused` with all reasons */
export async function placed(
  named: Named,
  volumes: readonly BoundVolume[],
  fleet: Fleet,
  description: Description,
): Promise<PlacedVolume[]> {
  const claims = [...new Set([...named.stopped, ...(named.quiesced ?? [])])];
  if (claims.length === 0) return [];
  const pods = await fleet.kubernetes.pods();
  const storage = localStorageOf(description);
  const found = claims.map((claim): { faults: readonly string[]; volume?: PlacedVolume } => {
    const volume = volumes.find((each) => claimOf(each) === claim);
    if (volume === undefined) return { faults: [`${claim} is no claim that a volume is bound to`] };
    const { path, node } = volume;
    if (path === undefined)
      return {
        faults: [`${claim} is not on the disk of a node, so it is not lost with one: back it up where it is`],
      };
    const state = fleet.hosts.find(({ host }) => host.name === node);
    const faults = [
      ...(isVolumeFolder(path, storage)
        ? []
        : [
            `${claim} is at ${JSON.stringify(path).slice(0, 200)}, which is no folder that K3s' provisioner makes in ${storage}`,
          ]),
      ...(state === undefined
        ? [awayFault(claim, node, fleet)]
        : identityFaults(state).map((fault) => `${claim} is on ${node}: ${fault}`)),
      ...podFaults(claim, named, pods),
    ];
    return state === undefined ? { faults } : { faults, volume: { ...volume, path, host: state.host } };
  });
  const faults = found.flatMap((each) => each.faults);
  if (faults.length > 0) throw new UserError("refused", faults.join("\n"));
  return found.flatMap(({ volume }) => volume ?? []);
}

/** Whether no pod mounts them. @throws UserError `refused` with those that do */
export async function refuseUsed(named: Named, kubernetes: Kubernetes, consequence: string): Promise<void> {
  if (named.stopped.length === 0) return;
  const pods = await kubernetes.pods();
  const faults = named.stopped.flatMap((claim) => podFaults(claim, named, pods));
  if (faults.length > 0) throw new UserError("refused", `${faults.join("\n")}\n${consequence}`);
}

/** A folder of one name directly below the provisioner's: the API may say anything of a path, and the host is read as root. */
function isVolumeFolder(path: string, storage: string): boolean {
  const name = path.slice(storage.length + 1);
  return path.startsWith(`${storage}/`) && /^[A-Za-z0-9][A-Za-z0-9._-]{0,219}$/.test(name);
}

function awayFault(claim: string, node: string, { unreachable }: Fleet): string {
  const away = unreachable.find(({ host }) => host.name === node);
  if (away !== undefined)
    return `${claim} is on ${node}, which does not answer: ${messageAtHost(away.error)}`;
  return node === ""
    ? `${claim} has a volume that says of no node that it is there`
    : `${claim} is on ${node}, which is no host of main.ts`;
}

/** What `kubectl scale` can stop. */
const SCALABLE = /^(deployment|statefulset|replicaset|replicationcontroller)\//;

function podFaults(claim: string, { quiesced }: Named, pods: readonly Pod[]): string[] {
  if (quiesced?.includes(claim) === true) return [];
  const [namespace = ""] = claim.split("/");
  const users = pods.filter(
    ({ name, claims }) =>
      name.startsWith(`${namespace}/`) && claims.includes(claim.slice(namespace.length + 1)),
  );
  const stated = quiesced === undefined ? "" : `, or say --quiesced ${claim} if it writes nothing now`;
  // Pods of one workload are stopped together.
  const reasons = users.map(({ name, controller }) => {
    if (controller === undefined)
      return `${claim} is mounted by the pod ${name}, which has no controller: delete it${stated}`;
    return SCALABLE.test(controller)
      ? `${claim} is mounted by pods of ${controller}: kubectl -n ${namespace} scale ${controller} --replicas=0${stated}`
      : `${claim} is mounted by pods of ${controller}: stop it${stated}`;
  });
  return [...new Set(reasons)];
}
