/** Makes a template on a PVE node. It overwrites nothing, and destroys no VM. */
import { codeOf, isDisconnected, messageOf, UserError } from "../base/user-error";
import { sizeGib, templateFaults, type VmConfig } from "../doctor/template";
import type { Recipe } from "../render/template-vm";
import type { Log } from "../rollout/log";
import { interrupted } from "../rollout/stopping";
import type { Template } from "./choice";
import type { Image } from "./image";
import type { PveNode } from "../rollout/pve-node";
import { withCopy, type UploadOptions } from "./upload";

export interface Made {
  /** Of its disk, if Proxmox VE shows it. */
  readonly sizeGib?: number;
  /** Whether linked clones can be made of it. */
  readonly isBase: boolean;
}

/**
 * @throws UserError that says what is left, when a step fails. Once the first command has begun, a request to stop does not keep
 *   the others from being run
 */
export function makeTemplate(
  pve: PveNode,
  template: Template,
  recipe: Recipe,
  image: Image,
  options: UploadOptions,
): Promise<Made> {
  const { stop, log } = options;
  const begin = async (): Promise<Made> => {
    if (stop.aborted) throw interrupted();
    await runCommands(pve, template.vmId, recipe.create, log);
    return log.step(pve.name, "verify", () => verified(pve, template, recipe));
  };
  return withCopy(pve, image, recipe, options, begin);
}

async function runCommands(pve: PveNode, vmId: number, commands: readonly string[], log: Log): Promise<void> {
  let isMade = false;
  for (const command of commands) {
    const step = command.split(" ").slice(0, 3).join(" ");
    try {
      await log.step(pve.name, step, () => pve.succeed(command));
      isMade = true;
    } catch (error) {
      const left = isMade ? halfMade(pve, vmId) : await afterFailedCreation(pve, vmId, error);
      throw new UserError(codeOf(error), `${step}: ${messageOf(error)}\n${left}`, { cause: error });
    }
  }
}

export const halfMade = ({ name }: Pick<PveNode, "name">, vmId: number): string =>
  `VM ${vmId} on ${name} is half made. Look at it there, and remove it: qm config ${vmId}; qm destroy ${vmId}`;

/** qm removes what it began when it fails. A VM that is there now may be somebody else's. */
async function afterFailedCreation(pve: PveNode, vmId: number, error: unknown): Promise<string> {
  const unknown = `Whether VM ${vmId} was made is not known. Look on ${pve.name}: qm config ${vmId}`;
  if (isDisconnected(error)) return unknown;
  try {
    const { status } = await pve.run(`qm status ${vmId}`, { reads: true });
    return status === 0
      ? `There is a VM ${vmId} now, which may be somebody else's. Look at it on ${pve.name}: qm config ${vmId}`
      : "No VM was made";
  } catch {
    return unknown;
  }
}

/** qm template exits with 0 even where a disk was not converted: it does not look at its task (qemu-server, PVE/CLI/qm.pm). */
async function verified(pve: PveNode, { vmId, nodes }: Template, { disk, datastore }: Recipe): Promise<Made> {
  const config = (await pve.get(["nodes", pve.name, "qemu", String(vmId), "config"])) as VmConfig;
  const volume = String(config[disk]).split(",")[0] ?? "";
  const isBase = /[:/]base-\d+-/.test(volume);
  const faults = [
    ...(String(config.template) === "1" ? [] : ["is no template"]),
    ...(volume.startsWith(`${datastore}:`) ? [] : [`has no disk on ${disk} in ${datastore}`]),
    ...(isBase || !nodes.some(({ vm }) => vm.linkedClone)
      ? []
      : [`has a disk that linked clones cannot have`]),
    ...templateFaults(config, nodes),
  ];
  if (faults.length === 0) return { sizeGib: sizeGib(config[disk]), isBase };
  throw new UserError("failed", `VM ${vmId} was made, and ${[...new Set(faults)].join("; ")}`, {
    host: pve.name,
    remedy: `look at it there: qm config ${vmId}`,
  });
}
