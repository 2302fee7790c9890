import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HARDWARE } from "./description";
import { readFacts } from "./facts";
import { foreignFileSystems, rootDevice } from "./hardware";
import type { Host } from "./host";
import { Trouble } from "./trouble";

/** Stores the hardware configuration that the right host makes of itself. @returns the file */
export async function capture(host: Host): Promise<string> {
  const facts = await readFacts(host);
  const mac = facts.interfaces.get(host.node.nixos.networkInterface);
  if (mac !== host.node.macAddress) {
    throw new Trouble(
      `${host.name}: the machine that answers has MAC address ${mac ?? "unknown"}, and ${host.name} has ${host.node.macAddress}: nothing was stored`,
    );
  }
  const { report, output } = await host.callFully("hardware", {});
  const hardware = output.stdout.replace(/^@.*\n/gm, "");
  const foreign = foreignFileSystems(hardware, report.all("fstab"));
  const troubles = [
    ...(rootDevice(hardware) === undefined ? ["nixos-generate-config names no root filesystem"] : []),
    ...(foreign.length > 0
      ? [
          `nixos-generate-config names what is mounted only now, and would stop the next boot: ${foreign.join(", ")}. ` +
            "Unmount it there, or state it in fileSystems of local.nix and roll that out first",
        ]
      : []),
  ];
  if (troubles.length > 0) throw new Trouble(`${host.name}: ${troubles.join("; ")}; nothing was stored`);
  const path = join(host.description.folder, host.node.directory, HARDWARE);
  const text = `# Captured from ${host.name}; HostFiles leaves this file alone.\n${hardware.trimEnd()}\n`;
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
  return path;
}
