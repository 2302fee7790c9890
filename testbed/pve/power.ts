import type { Inventory } from "./inventory";
import { Refusal } from "./refusal";
import type { Token } from "./token";
import type { Vm } from "./vm";

/** `POST status/…`: a shutdown ends as soon as the guest would. @returns UPID */
export function power({ tasks }: Inventory, vm: Vm, action: string, token: Token): string {
  token.demand(`/vms/${vm.id}`, "VM.PowerMgmt");
  vm.unlocked();
  const steps: Readonly<Record<string, () => void>> = {
    start: () => vm.start(),
    stop: () => vm.stop(),
    shutdown: () => vm.stop(),
    // As qemu-server's vm_reset, which asks QEMU.
    reset: () => {
      if (!vm.running) throw new Refusal(500, `VM ${vm.id} not running`);
      vm.reset();
    },
    reboot: () => {
      vm.stop();
      vm.start();
    },
  };
  const step = steps[action];
  if (step === undefined) throw new Refusal(501, `Method 'POST status/${action}' not implemented`);
  if (action === "start" && vm.running) throw new Refusal(500, `VM ${vm.id} already running`);
  return tasks.start({ node: vm.node, type: `qm${action}`, id: vm.id, token }, 0, step);
}

/** `POST migrate`. @returns UPID */
export function migrate(
  inventory: Inventory,
  vm: Vm,
  parameters: ReadonlyMap<string, string>,
  token: Token,
): string {
  const target = parameters.get("target") ?? "";
  token.demand(`/vms/${vm.id}`, "VM.Migrate");
  vm.unlocked();
  inventory.knowsNode(target);
  if (target === vm.node) throw new Refusal(400, "target is local node.");
  if (vm.running && parameters.get("online") !== "1")
    throw new Refusal(500, `can't migrate running VM without --online`);
  return inventory.tasks.start({ node: vm.node, type: "qmigrate", id: vm.id, token }, 0, () => {
    vm.node = target;
  });
}

/** `DELETE`. @returns UPID */
export function destroy(
  inventory: Inventory,
  vm: Vm,
  parameters: ReadonlyMap<string, string>,
  token: Token,
): string {
  token.demand(`/vms/${vm.id}`, "VM.Allocate");
  vm.unlocked();
  if (vm.options.get("protection") === "1")
    throw new Refusal(500, `can't remove VM ${vm.id} - protection mode enabled`);
  if (vm.running) throw new Refusal(500, `VM ${vm.id} is running - destroy failed`);
  return inventory.tasks.start({ node: vm.node, type: "qmdestroy", id: vm.id, token }, 0, () => {
    const mentioned = [...vm.options.values()].map((value) => value.split(",")[0]);
    const all = parameters.get("destroy-unreferenced-disks") === "1";
    for (const volume of inventory.storage.ofOwner(vm.id))
      if (all || mentioned.includes(volume)) inventory.storage.remove(volume);
    inventory.vms.delete(vm.id);
  });
}
