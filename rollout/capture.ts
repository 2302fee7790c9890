import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HARDWARE, rootDevice } from "./description";
import { readFacts } from "./facts";
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
  const { output } = await host.callFully("hardware", {});
  const device = rootDevice(output.stdout);
  if (device === undefined)
    throw new Trouble(`${host.name}: nixos-generate-config names no root filesystem; nothing was stored`);
  const path = join(host.description.folder, host.node.directory, HARDWARE);
  const text = `# Captured from ${host.name}; HostFiles leaves this file alone.\n${output.stdout.trimEnd()}\n`;
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
  return path;
}
