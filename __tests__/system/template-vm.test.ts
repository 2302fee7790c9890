/** Templates in Nix, with a stand-in for nixpkgs, and their EFI system partition as mtools leaves it. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderTemplates } from "../../src/render/template-vm";
import { temporaryFolder } from "../fixture";
import { cluster, inFolderWith } from "./clusters";
import { evaluate, evaluateExpression } from "./evaluation";
import { merged } from "./nixos-options";
import { describeWith, MTOOLS, NIX } from "./tools";

const BIOS = cluster({});
const UEFI = cluster({ nixos: { firmware: "uefi", bootDisk: undefined, efiSystemPartition: "1A2B-3C4D" } });
const FOLDER = "templates/9903";

/** Returns what the image builder is called with. */
function standInForNixpkgs(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "nixos/lib"), { recursive: true });
  writeFileSync(
    join(folder, "nixos/default.nix"),
    '{ configuration }: { config = toString configuration; pkgs = { lib = "lib"; mtools = "/mtools"; }; }\n',
  );
  writeFileSync(
    join(folder, "nixos/lib/make-disk-image.nix"),
    'arguments: removeAttrs arguments [ "pkgs" ]\n',
  );
  return folder;
}

describeWith([NIX], "a template in Nix", () => {
  test.each([
    ["BIOS", BIOS],
    ["UEFI", UEFI],
  ])("defines only options that NixOS has, for %s", async (_, model) => {
    const modules = await inFolderWith(renderTemplates(model, "nix"), (folder) =>
      evaluate({ template: join(folder, FOLDER) }),
    );
    const host = merged(modules["template"] ?? [], []);
    expect(host.faults).toEqual([]);
    expect(host.options).toMatchObject({
      'fileSystems."/".device': "/dev/disk/by-uuid/dd933e34-9e75-4a1c-8597-61e6d3b7af63",
      "networking.useDHCP": true,
      "services.openssh.enable": true,
      "services.qemuGuest.enable": true,
      "users.users.root.openssh.authorizedKeys.keys": model.authorizedKeys,
    });
  });

  test.each([
    ["BIOS", BIOS, { partitionTableType: "legacy" }],
    [
      "UEFI",
      UEFI,
      { partitionTableType: "efi", postVM: '/mtools/bin/mlabel -i "$diskImage@@8M" -N 1A2B3C4D ::\n' },
    ],
  ])("calls nixpkgs' image builder for %s", async (_, model, more) => {
    const nixpkgs = standInForNixpkgs();
    await inFolderWith(renderTemplates(model, "nix"), async (folder) => {
      const image = join(folder, FOLDER, "image.nix");
      expect(await evaluateExpression(`import ${image} { nixpkgs = ${nixpkgs}; }`)).toEqual({
        config: join(folder, FOLDER, "configuration.nix"),
        format: "raw",
        lib: "lib",
        rootFSUID: "dd933e34-9e75-4a1c-8597-61e6d3b7af63",
        ...more,
      });
    });
  });
});

describeWith(MTOOLS, "the serial number of an EFI system partition", () => {
  test("becomes the UUID by which hosts mount it", () => {
    const disk = join(temporaryFolder(), "disk");
    const shell = (script: string): string => {
      const { status, stdout, stderr } = spawnSync("sh", ["-euc", script], {
        encoding: "utf8",
        env: { ...process.env, disk },
      });
      if (status !== 0) throw new Error(stderr);
      return stdout.trim();
    };
    // As nixpkgs' image builder makes it: 8 MiB from the beginning of the disk.
    shell(`truncate -s 64M "$disk"; mkfs.vfat -n ESP --offset=16384 "$disk" 40000 >/dev/null`);
    shell(`mlabel -i "$disk@@8M" -N 1A2B3C4D ::`);
    expect(shell(`blkid -p -O 8388608 -s UUID -o value "$disk"`)).toBe("1A2B-3C4D");
  });
});
