import type { ResourceChange } from "./plan";
import { isSensitive } from "./sensitive";

export const VM_TYPE = "proxmox_virtual_environment_vm";

/** How messages name a VM or another resource. */
export interface Subject {
  readonly address: string;
  readonly hostname?: string;
  readonly vmId?: number;
  /** Every name that `--allow` accepts for it. */
  readonly names: readonly string[];
}

export function subjectOf({ address, previous_address, type, change }: ResourceChange): Subject {
  const addresses = previous_address === undefined ? [address] : [address, previous_address];
  if (type !== VM_TYPE) return { address, names: addresses };
  const visible = (name: string): unknown[] =>
    isSensitive(change, name) ? [] : [change.before?.[name], change.after?.[name]];
  const hostnames = visible("name").filter((name) => typeof name === "string" && name !== "") as string[];
  const vmIds = visible("vm_id").filter((id) => typeof id === "number");
  return { address, hostname: hostnames[0], vmId: vmIds[0], names: [...addresses, ...hostnames] };
}

/** `hamal, VM 135 (proxmox_virtual_environment_vm.k3s_agent)` */
export function subjectLabel({ address, hostname, vmId }: Subject): string {
  const name = [hostname, vmId === undefined ? undefined : `VM ${vmId}`].filter((part) => part !== undefined);
  return name.length > 0 ? `${name.join(", ")} (${address})` : address;
}
