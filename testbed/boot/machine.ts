/** PCs in QEMU, without KVM. */
import { spawn } from "node:child_process";

/** How a disk is attached. */
export type Bus = "ide" | "virtio" | "scsi";

const drive = (file: string, more: string): string[] => ["-drive", `file=${file},format=raw,${more}`];

const DRIVES: Readonly<Record<Bus, (image: string) => readonly string[]>> = {
  ide: (image) => drive(image, "if=ide"),
  virtio: (image) => drive(image, "if=virtio"),
  scsi: (image) => [
    ...drive(image, "if=none,id=disk"),
    ...["-device", "virtio-scsi-pci", "-device", "scsi-hd,drive=disk"],
  ],
};

const PC = ["-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot", "-serial", "stdio"];

/** QEMU's status after a write to isa-debug-exit; see `kernel`. */
const SWITCHED_OFF = 33;

/**
 * Switches a PC with BIOS on until it switches itself off.
 *
 * @param cut - what it writes before its power is cut. @default - it is not
 * @returns what it has written to its serial port
 */
export const boot = (image: string, bus: Bus, cut?: RegExp): Promise<string> =>
  run(
    [
      "-machine",
      "pc,accel=tcg",
      "-m",
      "64",
      "-device",
      "isa-debug-exit,iobase=0xf4,iosize=0x04",
      ...DRIVES[bus](image),
    ],
    SWITCHED_OFF,
    cut,
  );

/** The firmware, and its variables as they are in a new VM. */
const OVMF = "/usr/share/OVMF/OVMF_CODE_4M.fd";
export const OVMF_VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd";

/** As `boot`, for a PC with UEFI. @param variables - file with those of its firmware */
export const bootUefi = (image: string, variables: string, cut?: RegExp): Promise<string> =>
  run(
    [
      ...["-machine", "q35,accel=tcg", "-m", "128"],
      ...drive(OVMF, "if=pflash,unit=0,readonly=on"),
      ...drive(variables, "if=pflash,unit=1"),
      ...DRIVES.virtio(image),
    ],
    0,
    cut,
  );

function run(words: readonly string[], end: number, cut?: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const machine = spawn("qemu-system-x86_64", [...PC, ...words], { stdio: ["ignore", "pipe", "pipe"] });
    let [written, errors, isCut, isLate] = ["", "", false, false];
    const late = setTimeout(() => {
      isLate = true;
      machine.kill("SIGKILL");
    }, LIMIT_MS);
    machine.stdout.on("data", (data: Buffer) => {
      written += data.toString("latin1");
      if (cut?.test(written) !== true) return;
      isCut = true;
      machine.kill("SIGKILL");
    });
    machine.stderr.on("data", (data: Buffer) => (errors += data.toString()));
    machine.once("error", reject);
    machine.once("close", (status) => {
      clearTimeout(late);
      if (isCut || status === end) resolve(written);
      else reject(new Error(`${isLate ? "it did not end" : `ended with ${status}`}: ${written}${errors}`));
    });
  });
}

const LIMIT_MS = 120_000;
