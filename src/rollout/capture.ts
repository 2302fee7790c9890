import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../base/user-error";
import { HARDWARE } from "./description";
import { interfacesWith, readFacts } from "./facts";
import { foreignFileSystems, rootDevice } from "./hardware";
import type { Host } from "./host";

/** Stores the hardware configuration that the host generates, once its identity is checked. @returns the file */
export async function capture(host: Host): Promise<string> {
  const facts = await readFacts(host);
  const { macAddress } = host.node;
  if (interfacesWith(facts, macAddress).length === 0) {
    throw new UserError(
      "refused",
      `no network interface of the machine that answers has MAC address ${macAddress}, ${host.name}'s; nothing was stored`,
      { host: host.name },
    );
  }
  const { report, output } = await host.callFully("hardware", {});
  const hardware = output.stdout.replace(/^@.*\n/gm, "");
  const foreign = foreignFileSystems(hardware, report.all("fstab"));
  const faults = [
    ...(rootDevice(hardware) === undefined ? ["nixos-generate-config names no root filesystem"] : []),
    ...(foreign.length > 0
      ? [
          `nixos-generate-config names what is mounted only now, and would stop the next boot: ${foreign.join(", ")}. ` +
            "Unmount it there, or state it in fileSystems of local.nix and roll that out first",
        ]
      : []),
  ];
  if (faults.length > 0)
    throw new UserError("refused", `${faults.join("; ")}; nothing was stored`, { host: host.name });
  const path = join(host.description.folder, host.node.directory, HARDWARE);
  const text = `# Captured from ${host.name}; HostFiles leaves this file alone.\n${hardware.trimEnd()}\n`;
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
  return path;
}
