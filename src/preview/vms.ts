import { changesBetween, type AttributeChange } from "../provider/attributes";
import { impactOf, rebootsAfterUpdate, type Impact } from "../provider/impact";
import type { Attributes, Resources } from "./stacks";

/** What the next apply does to a VM. */
export interface VmChange {
  readonly action: "made" | "destroyed" | "changed" | "moved";
  readonly hostname: string;
  readonly vmId: number;
  readonly address: string;
  /** Former address, if the VM moves in the state. */
  readonly formerAddress?: string;
  readonly changes: readonly AttributeImpact[];
  /** Whether the apply reboots it for changes that need a reboot. */
  readonly reboots: boolean;
  /** Whether `prevent_destroy` was removed. */
  readonly unprotected: boolean;
}

export interface AttributeImpact extends AttributeChange {
  readonly impact: Impact;
}

/** Meta-arguments, which the provider does not see. */
const META = new Set([
  "//",
  "lifecycle",
  "depends_on",
  "provider",
  "count",
  "for_each",
  "connection",
  "provisioner",
]);

export function compareVms(before: Resources, after: Resources): VmChange[] {
  const formerOf = (address: string): string =>
    before.vms.has(address) ? address : (after.moved.get(address) ?? address);
  const claimed = new Set([...after.vms.keys()].map(formerOf));
  const destroyed = [...before.vms].filter(([address]) => !claimed.has(address));
  const all: VmChange[] = [
    ...destroyed.map(([address, vm]) => ({
      ...identity(address, vm),
      action: "destroyed" as const,
      changes: [],
    })),
    ...[...after.vms].flatMap(([address, vm]) => compared(address, vm, formerOf(address), before.vms)),
  ];
  return all.sort((a, b) => a.vmId - b.vmId);
}

const identity = (address: string, vm: Attributes) => ({
  address,
  hostname: String(vm.name),
  vmId: Number(vm.vm_id),
  reboots: rebootsAfterUpdate(vm),
  unprotected: false,
});

function compared(
  address: string,
  vm: Attributes,
  formerAddress: string,
  former: ReadonlyMap<string, Attributes>,
): VmChange[] {
  const old = former.get(formerAddress);
  if (old === undefined) return [{ ...identity(address, vm), action: "made", changes: [] }];
  const changes = changesBetween(withoutMeta(old), withoutMeta(vm)).map((change) => ({
    ...change,
    impact: isIgnored(change, vm) ? ("no effect" as const) : impactOf(change),
  }));
  const unprotected = isProtected(old) && !isProtected(vm);
  const moved = formerAddress === address ? {} : { formerAddress };
  if (changes.length === 0 && !unprotected && formerAddress === address) return [];
  const action = changes.length > 0 || unprotected ? "changed" : "moved";
  return [{ ...identity(address, vm), ...moved, action, changes, unprotected }];
}

const withoutMeta = (vm: Attributes): Attributes =>
  Object.fromEntries(Object.entries(vm).filter(([name]) => !META.has(name)));

/**
 * Whether OpenTofu passes over it, since the owner has it ignore that attribute, or what it is part of. An element of a
 * list is named by its place, by which nobody knows here which disk or interface OpenTofu takes it for.
 */
function isIgnored({ attribute, where }: AttributeChange, { lifecycle }: Attributes): boolean {
  const ignored = [lifecycle]
    .flat()
    .flatMap((block) => (block as { ignore_changes?: string | string[] } | undefined)?.ignore_changes ?? []);
  return ignored.some((path) => {
    const name = path.includes("[") ? where : attribute;
    const start = path.replaceAll("[0]", "");
    return path === "all" || name === start || name.startsWith(`${start}.`);
  });
}

const isProtected = ({ lifecycle }: Attributes): boolean =>
  [lifecycle]
    .flat()
    .some((block) => (block as { prevent_destroy?: boolean } | undefined)?.prevent_destroy === true);
