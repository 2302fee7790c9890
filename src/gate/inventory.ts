/** The guests that Proxmox VE has, by the data that the constructs read for their checks. */
import { knownResources, type Attributes, type Plan } from "./plan";

export interface Guest {
  readonly kind: "VM" | "container";
  readonly vmId: number;
  readonly name: string;
  readonly pveNode: string;
}

const [VMS, CONTAINERS] = ["proxmox_virtual_environment_vms", "proxmox_virtual_environment_containers"];

/** None where the plan has not read them. */
export const guestsOf = (plan: Plan): Guest[] =>
  knownResources(plan).flatMap(({ type, values = {} }) => {
    if (type === VMS) return listed(values.vms, "VM");
    return type === CONTAINERS ? listed(values.containers, "container") : [];
  });

const listed = (all: unknown, kind: Guest["kind"]): Guest[] =>
  ((all ?? []) as Attributes[]).map(({ vm_id, name, node_name }) => ({
    kind,
    vmId: Number(vm_id),
    name: String(name),
    pveNode: String(node_name),
  }));

/** Whether one of the lists has every VM that the token may see. */
export const templatesAreSeen = (plan: Plan): boolean =>
  knownResources(plan).some(({ type, values = {} }) => {
    const { node_name, tags, filter } = values;
    return type === VMS && [node_name, tags, filter].every(isUnstated);
  });

const isUnstated = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0);
