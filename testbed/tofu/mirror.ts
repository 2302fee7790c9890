import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Operating system and processor as OpenTofu names them. */
function platform(): string {
  const systems: Partial<Record<NodeJS.Platform, string>> = { win32: "windows" };
  const processors: Partial<Record<NodeJS.Architecture, string>> = { x64: "amd64", ia32: "386" };
  return `${systems[process.platform] ?? process.platform}_${processors[process.arch] ?? process.arch}`;
}

/**
 * Has `tofu init` install the provider from here, without a network and under its pinned version.
 *
 * @param provider path of the program
 * @returns path for TF_CLI_CONFIG_FILE
 */
export function providerMirror(folder: string, provider: string, version: string): string {
  const mirror = join(folder, "mirror");
  const place = join(mirror, "registry.opentofu.org", "bpg", "proxmox", version, platform());
  mkdirSync(place, { recursive: true });
  symlinkSync(provider, join(place, `terraform-provider-proxmox_v${version}`));
  const file = join(folder, "tofu.rc");
  writeFileSync(
    file,
    `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}\n`,
  );
  return file;
}
