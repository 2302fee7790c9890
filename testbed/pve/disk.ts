import { parseDrive, printDrive, storageOf } from "./drive";
import type { Inventory } from "./inventory";
import { invalid, Refusal } from "./refusal";
import type { Token } from "./token";
import type { Vm } from "./vm";

/** An action on a disk of a VM. */
interface DiskRequest {
  readonly inventory: Inventory;
  readonly vm: Vm;
  readonly parameters: ReadonlyMap<string, string>;
  readonly token: Token;
}

function driveOf(vm: Vm, option: string) {
  const value = vm.options.get(option);
  if (value === undefined) throw new Refusal(500, `disk '${option}' does not exist`);
  return parseDrive(value);
}

/** `PUT resize`: only the running configuration is resized; pending options keep their size. @returns UPID */
export function resize({ inventory, vm, parameters, token }: DiskRequest): string {
  const option = parameters.get("disk") ?? "";
  const bytes = Number(parameters.get("size"));
  if (!Number.isInteger(bytes)) throw invalid({ size: "value does not match the regex pattern" });
  token.demand(`/vms/${vm.id}`, "VM.Config.Disk");
  vm.unlocked();
  const { volume, options } = driveOf(vm, option);
  return inventory.tasks.start({ node: vm.node, type: "resize", id: vm.id, token }, 0, () => {
    inventory.storage.grow(volume, bytes);
    vm.options.set(
      option,
      printDrive({ volume, options: new Map([...options, ["size", inventory.storage.size(volume)]]) }),
    );
  });
}

/** `POST move_disk`. @returns UPID */
export function move({ inventory, vm, parameters, token }: DiskRequest): string {
  const option = parameters.get("disk") ?? "";
  const target = parameters.get("storage") ?? "";
  token.demand(`/vms/${vm.id}`, "VM.Config.Disk");
  token.demand(`/storage/${target}`, "Datastore.AllocateSpace");
  vm.unlocked();
  const { volume, options } = driveOf(vm, option);
  if (storageOf(volume) === target)
    throw new Refusal(500, "you can't move to the same storage with same format");
  return inventory.tasks.start({ node: vm.node, type: "qmmove", id: vm.id, token }, 0, () => {
    const moved = inventory.storage.allocate(target, vm.id, inventory.storage.find(volume).bytes);
    if (parameters.get("delete") === "1") inventory.storage.remove(volume);
    vm.options.set(option, printDrive({ volume: moved, options }));
  });
}
