/**
 * One-time entries of real systemd-boot with OVMF in QEMU, without KVM. Stand-ins: the entries, written as NixOS' systemd-boot-builder.py
 * writes them; the kernels, which print their system; and bootctl, for which the firmware's shell sets the variable in QEMU, and a
 * script stands where `remote/boot-once.sh` calls it.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { entry, makeEsp, makeShellEsp, type Generation } from "../../testbed/boot/esp";
import { bootUefi, OVMF_VARIABLES } from "../../testbed/boot/machine";
import { describeWith, SYSTEMD_BOOT_MACHINE } from "./tools";

const OLD = { number: 9, system: "/nix/store/old-nixos-system-hamal-25.11", end: "halt" } as const;
const NEW = { number: 10, system: "/nix/store/new-nixos-system-hamal-25.11", end: "halt" } as const;

let folder: string;

beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "k3s-systemd-boot-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const systemIn = (written: string): string => /init=(\S+)\/init/.exec(written)?.[1] ?? written;

describeWith(SYSTEMD_BOOT_MACHINE, "real systemd-boot", () => {
  let once: string;
  let disks = 0;

  beforeAll(async () => {
    once = join(folder, "once");
    copyFileSync(OVMF_VARIABLES, once);
    const image = join(folder, "shell");
    makeShellEsp(image, "nixos-generation-10.conf");
    await bootUefi(image, once);
  });

  /** A PC that was told to boot NEW once, and has OLD as the default. */
  function machine(...more: readonly Generation[]): (cut?: RegExp) => Promise<string> {
    const [image, variables] = [join(folder, `disk${++disks}`), join(folder, `variables${disks}`)];
    copyFileSync(once, variables);
    makeEsp(image, [OLD, ...more], OLD.number);
    return async (cut) => systemIn(await bootUefi(image, variables, cut));
  }

  test("boots a system once, and the default ever after", async () => {
    const boot = machine(NEW);
    expect([await boot(), await boot(), await boot()]).toEqual([NEW.system, OLD.system, OLD.system]);
  });

  test("boots the default after a power cut of a system that hangs", async () => {
    const boot = machine({ ...NEW, end: "sleep 10000" });
    expect([await boot(/init=\S+ /), await boot()]).toEqual([NEW.system, OLD.system]);
  });

  test("boots the default when there is no such entry", async () => {
    expect(await machine()()).toBe(OLD.system);
  });
});

describe("what is told to systemd-boot", () => {
  /** Runs functions of boot-once.sh on a host with systemd-boot, whose EFI variables are files. */
  function inShell(script: string, bootctl = BOOTCTL): string {
    const root = mkdtempSync(join(folder, "host-"));
    const [efivars, entries, programs] = ["efivars", "boot/loader/entries", "programs"].map((path) =>
      join(root, path),
    );
    for (const path of [efivars, entries, programs]) mkdirSync(path ?? "", { recursive: true });
    writeFileSync(join(entries ?? "", "nixos-generation-9.conf"), entry(OLD));
    writeFileSync(join(entries ?? "", "nixos-generation-10+3.conf"), entry(NEW));
    writeFileSync(join(programs ?? "", "bootctl"), bootctl, { mode: 0o755 });
    const program = [
      `. ${join(__dirname, "../../src/rollout/remote/boot-once.sh")}`,
      `root=${root} efivars=${efivars}; oneshot=$efivars/LoaderEntryOneShot-$loader_guid; export root oneshot`,
      `printf '\\006\\000\\000\\000s\\000y\\000s\\000t\\000e\\000m\\000d\\000-\\000b\\000o\\000o\\000t\\000' >"$efivars/LoaderInfo-$loader_guid"`,
      script,
    ].join("\n");
    return execFileSync("sh", ["-e"], {
      input: program,
      encoding: "utf8",
      env: { ...process.env, PATH: `${programs}:${process.env.PATH}` },
    });
  }

  test("is the entry by its ID, which has no counter, and is read back", () => {
    expect(inShell(`boot_loader; once_fault; boot_once ${NEW.system}; once`)).toBe(
      "systemd-boot\nnixos-generation-10.conf",
    );
    expect(inShell(`entry_of ${OLD.system}; entry_of /nix/store/other`)).toBe("nixos-generation-9.conf\n");
  });

  test("is forgotten again", () => {
    expect(inShell(`boot_once ${NEW.system}; forget_once; once; forget_once`)).toBe("");
  });

  test("is not believed when the firmware keeps nothing", () => {
    const forgetful = BOOTCTL.replace("set-oneshot)", "set-oneshot) exit 0;;\n  other)");
    expect(inShell(`boot_once ${NEW.system} || echo refused`, forgetful)).toBe("refused\n");
  });
});

/** As bootctl: attributes, then UTF-16. An empty ID removes the variable. */
const BOOTCTL = `#!/bin/sh
case "$1" in
  --print-boot-path) echo "$root/boot" ;;
  set-oneshot)
    if [ -z "$2" ]; then rm "$oneshot"
    else { printf '\\007\\000\\000\\000'; printf '%s' "$2" | sed 's/./&\\n/g' | tr '\\n' '\\000'; printf '\\000\\000'; } >"$oneshot"; fi ;;
esac
`;
