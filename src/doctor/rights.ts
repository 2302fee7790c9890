/** Compares the token's privileges with what an apply of this cluster needs (docs/reference/proxmox-privileges.md). */
import { documentOn } from "../base/documents";
import { groupBy } from "../base/group-by";
import { counted } from "../base/markdown";
import { isHa } from "../config/ha";
import type { Common, Node } from "../config/model";
import { summed, type Check } from "./check";
import type { PveApi } from "../pve/api";
import { settled, type Setting } from "../config/references";

interface Need {
  readonly path: string;
  readonly privileges: readonly string[];
}

const OF_A_VM = [
  ..."VM.Audit VM.Allocate VM.Migrate VM.PowerMgmt".split(" "),
  ..."CPU Disk HWType Memory Network Options".split(" ").map((name) => `VM.Config.${name}`),
];

/** Allows the provider to read a guest's addresses. Before Proxmox VE 9, VM.Monitor did. */
const ofAgent = (major: number): string => (major < 9 ? "VM.Monitor" : "VM.GuestAgent.Audit");

/** The nodes, and whether Proxmox VE's HA manager has their VMs. */
type Cluster = Pick<Common, "pve"> & { readonly nodes: readonly Node[] };

interface Needed {
  readonly needs: readonly Need[];
  /** Why some needs are not known. */
  readonly unseen: readonly string[];
}

function needed(
  { nodes, pve }: Cluster,
  env: NodeJS.ProcessEnv,
  major: number,
  vnets: ReadonlySet<string>,
): Needed {
  const unseen: string[] = [];
  const at = (text: string | undefined, needs: (value: string) => Need): Need[] => {
    if (text === undefined) return [];
    const setting: Setting = settled(text, env);
    if ("value" in setting) return [needs(setting.value)];
    unseen.push(setting.unseen);
    return [];
  };
  const needs = nodes.flatMap(({ vmId, role, vm }) => [
    { path: `/vms/${vm.templateVmId}`, privileges: ["VM.Audit", "VM.Clone"] },
    { path: `/vms/${vmId}`, privileges: [...OF_A_VM, ofAgent(major)] },
    // The provider reads the HA resources.
    {
      path: "/",
      privileges: [
        "Sys.Audit",
        ...(vm.startup === undefined ? [] : ["Sys.Modify"]),
        ...(isHa(pve, role) ? ["Sys.Console"] : []),
      ],
    },
    ...[vm.cloneDatastore, ...vm.disks.map(({ datastore }) => datastore)].flatMap((name) =>
      at(name, (value) => ({
        path: `/storage/${value}`,
        privileges: ["Datastore.Audit", "Datastore.AllocateSpace"],
      })),
    ),
    ...at(vm.pool, (value) => ({ path: `/pool/${value}`, privileges: ["Pool.Audit", "Pool.Allocate"] })),
    ...vm.networkInterfaces.flatMap(({ bridge, vlanId }) =>
      at(bridge, (value) => ({
        path: ["/sdn/zones/localnetwork", value, ...(vlanId === undefined ? [] : [vlanId])].join("/"),
        // The path of a zone's VNet is not known here.
        privileges: vnets.has(value) ? [] : ["SDN.Use"],
      })),
    ),
  ]);
  return { needs, unseen: [...new Set(unseen)] };
}

/** @param vnets - networks that are VNets of a zone and not bridges of a PVE node */
export async function checkRights(
  api: PveApi,
  cluster: Cluster,
  { env, major, vnets }: { env: NodeJS.ProcessEnv; major: number; vnets: ReadonlySet<string> },
): Promise<Check> {
  const { needs, unseen } = needed(cluster, env, major, vnets);
  const byPath = [...groupBy(needs, ({ path }) => path)];
  const missing = await Promise.all(
    byPath.map(async ([path, some]) => {
      const held = await privilegesAt(api, path);
      const wanted = new Set(some.flatMap(({ privileges }) => privileges));
      return [...wanted]
        .filter((privilege) => !held.has(privilege))
        .map((privilege) => ({ path, privilege }));
    }),
  );
  const byPrivilege = [...groupBy(missing.flat(), ({ privilege }) => privilege)];
  return summed("PVE rights", {
    problems: byPrivilege.map(([privilege, some]) => `${privilege} is missing on ${pathsOf(some)}`),
    unseen,
    summary: `the token has all that an apply needs, on ${counted(byPath.length, "path")}`,
    remedy: `Add the privileges to the token's role: pveum role modify ROLE --append 1 --privs "${byPrivilege.map(([privilege]) => privilege).join(" ")}" (see ${documentOn("privileges")}). With --privsep 1, the token needs the role itself, in addition to its user.`,
  });
}

function pathsOf(some: readonly { readonly path: string }[]): string {
  const [first, second, ...rest] = some.map(({ path }) => path);
  if (rest.length > 0) return `${first} and ${rest.length + 1} more`;
  return second === undefined ? `${first}` : `${first} and ${second}`;
}

/** The token's effective privileges on a path, including those of pools and of parent paths. */
async function privilegesAt(api: PveApi, path: string): Promise<Set<string>> {
  const answer = (await api.get(["access", "permissions"], { path })) as Record<
    string,
    Record<string, unknown>
  >;
  return new Set(Object.keys(answer[path] ?? {}));
}
