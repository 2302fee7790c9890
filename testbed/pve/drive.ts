/** A disk of a VM, as in the option `scsi0` and similar ones: `STORE:VOLUME,key=value,…`. */
export interface Drive {
  readonly volume: string;
  readonly options: ReadonlyMap<string, string>;
}

export const isDrive = (option: string): boolean =>
  /^((ide|sata|scsi|virtio)\d+|efidisk0|tpmstate0)$/.test(option);

export function parseDrive(text: string): Drive {
  // The provider adds a trailing comma to some.
  const words = text.split(",").filter((word) => word !== "");
  const pairs = words.map(
    (word) => (word.includes("=") ? word : `file=${word}`).split("=") as [string, string],
  );
  const { file = "", ...rest } = Object.fromEntries(pairs);
  return { volume: file, options: new Map(Object.entries(rest)) };
}

export const printDrive = ({ volume, options }: Drive): string =>
  [volume, ...[...options].sort().map(([key, value]) => `${key}=${value}`)].join(",");

/** `STORE:GIB` requests a new volume. */
export const isNew = (volume: string): boolean => /^[^:]+:\d+$/.test(volume);

export const storageOf = (volume: string): string => volume.split(":")[0] ?? "";

/** Options of a drive of a running VM that QEMU takes only with a new process (qemu-server, vmconfig_update_disk). */
const NEEDS_A_NEW_PROCESS = ["aio", "cache", "discard", "event_idx", "iothread", "queues", "ro", "ssd"];

/** Values that qemu-server treats like no value. */
const DEFAULTS: Readonly<Record<string, string>> = { iothread: "0", ssd: "0", ro: "0" };

export function changesWhileRunning(before: Drive, after: Drive): boolean {
  const value = ({ options }: Drive, key: string) => options.get(key) ?? DEFAULTS[key] ?? "";
  return (
    before.volume === after.volume &&
    NEEDS_A_NEW_PROCESS.every((key) => value(before, key) === value(after, key))
  );
}
