import { randomUUID } from "node:crypto";
import { randomMac } from "./configuration";
import { isDrive, parseDrive, printDrive, storageOf } from "./drive";
import type { Inventory } from "./inventory";
import { demandForBridge } from "./privileges";
import { invalid } from "./refusal";
import type { Token } from "./token";
import type { Vm } from "./vm";

const NOT_COPIED = /^(template|unused\d+|snapshots|parent|name|description)$/;

/** `POST clone`: a copy that is locked until its disks exist. @returns UPID */
export function clone(
  inventory: Inventory,
  source: Vm,
  parameters: ReadonlyMap<string, string>,
  token: Token,
): string {
  const id = Number(parameters.get("newid"));
  if (!(id >= 100)) throw invalid({ newid: "invalid format - value does not look like a valid VM ID" });
  const node = parameters.get("target") ?? source.node;
  token.demand(`/vms/${id}`, "VM.Allocate");
  demandForDisks(source, parameters.get("storage"), token);
  for (const [option, value] of source.options) if (/^net\d+$/.test(option)) demandForBridge(token, value);
  inventory.knowsNode(node);
  inventory.idIsFree(id);
  const copy = inventory.add(id, node, { description: "qmclone temporary file" });
  copy.lock = "clone";
  return inventory.tasks.start(
    { node: source.node, type: "qmclone", id: source.id, token },
    inventory.cloneMilliseconds,
    () => fill(inventory, source, copy, parameters),
  );
}

const drivesOf = (vm: Vm): [string, string][] => [...vm.options].filter(([option]) => isDrive(option));

function demandForDisks(source: Vm, storage: string | undefined, token: Token): void {
  for (const [, value] of drivesOf(source))
    token.demand(`/storage/${storage ?? storageOf(parseDrive(value).volume)}`, "Datastore.AllocateSpace");
}

function fill(inventory: Inventory, source: Vm, copy: Vm, parameters: ReadonlyMap<string, string>): void {
  copy.options.clear();
  for (const [option, value] of source.options)
    if (!NOT_COPIED.test(option))
      copy.options.set(option, copied(inventory, copy, option, value, parameters));
  for (const option of ["name", "description"]) {
    const value = parameters.get(option);
    if (value !== undefined) copy.options.set(option, value.trimEnd());
  }
  const pool = parameters.get("pool");
  if (pool !== undefined) inventory.pools.get(pool)?.add(copy.id);
  copy.lock = undefined;
}

/** Disks are copied, addresses and IDs are new. */
function copied(
  { storage }: Inventory,
  copy: Vm,
  option: string,
  value: string,
  parameters: ReadonlyMap<string, string>,
): string {
  if (option === "smbios1") return `uuid=${randomUUID()}`;
  if (option === "vmgenid") return randomUUID();
  if (/^net\d+$/.test(option)) return value.replace(/=([0-9A-F]{2}:){5}[0-9A-F]{2}/, `=${randomMac()}`);
  if (!isDrive(option)) return value;
  const { volume, options } = parseDrive(value);
  const target = parameters.get("storage") ?? storageOf(volume);
  return printDrive({ volume: storage.allocate(target, copy.id, storage.find(volume).bytes), options });
}
