/**
 * A stand-in for Linux, which GRUB loads as it loads Linux: it writes its command line to the first serial port, and then switches the
 * machine off or hangs. The header is that of Linux' boot protocol 2.04 (linux, Documentation/arch/x86/boot.rst).
 */

const SECTOR = 512;
/** Sectors of the part for real mode, without the first, which GRUB reads and does not run. */
const SETUP_SECTORS = 8;

/** 32-bit code. The address of the boot parameters is in ESI. */
const PRINT = [
  ...[0x8b, 0xb6, 0x28, 0x02, 0x00, 0x00], // mov esi, [esi+0x228], the command line
  ...[0x66, 0xba, 0xf8, 0x03], // mov dx, 0x3f8
  0xac, // lodsb
  ...[0x84, 0xc0], // test al, al
  ...[0x74, 0x03], // jz, behind the jump
  0xee, // out dx, al
  ...[0xeb, 0xf8], // jmp, to lodsb
  ...[0xb0, 0x0a], // mov al, newline
  0xee, // out dx, al
];

/** QEMU's isa-debug-exit ends it, with 2 * 16 + 1. */
const SWITCH_OFF = [...[0x66, 0xba, 0xf4, 0x00], ...[0xb0, 0x10], 0xee];

/** cli, and hlt again and again. */
const HANG = [0xfa, 0xf4, 0xeb, 0xfd];

/** @param end - `hangs` as a kernel that panics */
export function kernel(end: "switches off" | "hangs"): Buffer {
  const image = Buffer.alloc((1 + SETUP_SECTORS) * SECTOR + SECTOR);
  image.writeUInt8(SETUP_SECTORS, 0x1f1);
  image.writeUInt16LE(0xaa55, 0x1fe);
  image.write("HdrS", 0x202);
  image.writeUInt16LE(0x0204, 0x206);
  image.writeUInt8(1, 0x211); // loaded high
  image.writeUInt32LE(0x100000, 0x214); // where its 32-bit code is
  image.writeUInt32LE(0x37ffffff, 0x22c); // highest address of an initrd
  Buffer.from([...PRINT, ...(end === "hangs" ? HANG : SWITCH_OFF)]).copy(image, (1 + SETUP_SECTORS) * SECTOR);
  return image;
}
