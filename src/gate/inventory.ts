/** The guests in Proxmox VE, from the data sources that the constructs read for their checks. */
import { knownResources, type Attributes, type Plan } from "./plan";

export interface Guest {
  readonly kind: "VM" | "container";
  readonly vmId: number;
  readonly name: string;
  readonly pveNode: string;
}

const [VMS, CONTAINERS] = ["proxmox_virtual_environment_vms", "proxmox_virtual_environment_containers"];

/** Empty if the plan did not read the data sources. */
export const guestsOf = (plan: Plan): Guest[] =>
  knownResources(plan).flatMap(({ type, values = {} }) => {
    if (type === VMS) return guestsIn(values.vms, "VM");
    return type === CONTAINERS ? guestsIn(values.containers, "container") : [];
  });

const guestsIn = (all: unknown, kind: Guest["kind"]): Guest[] =>
  ((all ?? []) as Attributes[]).map(({ vm_id, name, node_name }) => ({
    kind,
    vmId: Number(vm_id),
    name: String(name),
    pveNode: String(node_name),
  }));

/** Whether the plan read an unfiltered list of the VMs that the token may see. */
export const templatesAreSeen = (plan: Plan): boolean =>
  knownResources(plan).some(({ type, values = {} }) => {
    const { node_name, tags, filter } = values;
    return type === VMS && [node_name, tags, filter].every(isUnset);
  });

const isUnset = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0);
