import { randomBytes } from "node:crypto";
import { isDrive, isNew, parseDrive, storageOf } from "./drive";
import type { Inventory } from "./inventory";
import { demandForOption, isOption } from "./privileges";
import { invalid, Refusal } from "./refusal";
import type { Token } from "./token";
import type { Vm } from "./vm";

const INSTRUCTIONS = new Set(["delete", "digest", "revert", "skiplock", "force"]);

/** `PUT config`: sets and deletes options, each at once or at the next start. */
export function configure(
  inventory: Inventory,
  vm: Vm,
  parameters: ReadonlyMap<string, string>,
  token: Token,
): null {
  const set = [...parameters].filter(([option]) => !INSTRUCTIONS.has(option));
  const deleted = (parameters.get("delete") ?? "").split(",").filter((option) => option !== "");
  check(set, deleted);
  for (const [option, value] of set) demandForOption(token, vm.id, option, value);
  for (const option of deleted) demandForOption(token, vm.id, option, undefined);
  vm.unlocked();
  for (const option of deleted) detach(vm, option);
  for (const [option, value] of set) vm.set(option, stored(inventory, vm, option, value, token));
  return null;
}

function check(set: readonly (readonly [string, string])[], deleted: readonly string[]): void {
  const unknown = set.filter(([option]) => !isOption(option));
  if (unknown.length > 0)
    throw invalid(
      Object.fromEntries(unknown.map(([option]) => [option, "property is not defined in schema"])),
    );
  const strange = deleted.find((option) => !isOption(option));
  if (strange !== undefined) throw invalid({ delete: `unknown option '${strange}'` });
  const both = set.find(([option]) => deleted.includes(option));
  if (both !== undefined) throw invalid({ delete: `cannot use '${both[0]}' with '-delete'` });
}

function detach(vm: Vm, option: string): void {
  if (isDrive(option) && vm.options.has(option) && vm.options.get("protection") === "1")
    throw new Refusal(500, `can't remove drive '${option}' - protection mode enabled`);
  vm.set(option, undefined);
}

/** An option's value as the configuration stores it. */
function stored(inventory: Inventory, vm: Vm, option: string, value: string, token: Token): string {
  if (isDrive(option)) return storedDrive(inventory, vm, value, token);
  if (/^net\d+$/.test(option)) return storedInterface(value);
  if (option === "description") return value.trimEnd();
  return value;
}

function storedDrive(inventory: Inventory, vm: Vm, value: string, token: Token): string {
  const { volume } = parseDrive(value);
  if (isNew(volume)) token.demand(`/storage/${storageOf(volume)}`, "Datastore.AllocateSpace");
  return inventory.drive(vm.id, value);
}

/** `model=virtio,macaddr=…,bridge=…` is stored as `virtio=…,bridge=…`. */
function storedInterface(value: string): string {
  const { model = "virtio", macaddr, ...rest } = Object.fromEntries(parseDrive(value).options);
  const known = ["virtio", "e1000", "e1000e", "rtl8139", "vmxnet3"].find((name) => rest[name] !== undefined);
  if (known !== undefined) return value;
  return [[model, macaddr ?? randomMac()], ...Object.entries(rest)].map((pair) => pair.join("=")).join(",");
}

export const randomMac = (): string =>
  [
    "BC",
    "24",
    "11",
    ...[...randomBytes(3)].map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")),
  ].join(":");
