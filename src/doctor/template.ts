/** Checks that the VMs that nodes are cloned from are templates, and fit them. */
import { groupBy } from "../base/group-by";
import { enumerated } from "../base/markdown";
import type { Node } from "../config/model";
import { summed, type Check } from "./check";
import type { Guest, Wanted } from "./inventory";
import { PveError, type PveApi } from "../pve/api";
import { settled } from "../config/references";

export async function checkTemplates(
  api: PveApi,
  all: readonly Guest[],
  { nodes, env }: Wanted,
): Promise<Check> {
  const ids = [...new Set(nodes.map(({ vm }) => vm.templateVmId))];
  const unseen = new Set<string>();
  const problems: string[] = [];
  for (const id of ids) {
    const clones = nodes.filter(({ vm }) => vm.templateVmId === id);
    const guest = all.find(({ vmid }) => vmid === id);
    const wrong = wrongKind(id, guest);
    if (guest === undefined || wrong !== undefined) {
      problems.push(wrong ?? "");
      continue;
    }
    const place = placeOf(guest, clones, env);
    if (place.unseen !== undefined) unseen.add(place.unseen);
    problems.push(...place.problems);
    try {
      const config = (await api.get(["nodes", guest.node, "qemu", String(id), "config"])) as VmConfig;
      problems.push(...templateFaults(config, clones).map((fault) => `VM ${id} ${fault}`));
    } catch (error) {
      if (!(error instanceof PveError)) throw error;
      unseen.add(`the settings of VM ${id} were not shown: ${error.message}`);
    }
  }
  return summed("Template", {
    problems,
    unseen: [...unseen],
    summary: enumerated(ids.map((id) => `VM ${id}`)),
    remedy:
      "Correct templateVmId, templatePveNode or what is named in main.ts, or the VM: qm template ID on its PVE node makes it a template, qm set ID --delete takes a drive out. Without the privilege VM.Audit, Proxmox VE hides it.",
  });
}

function wrongKind(id: number, guest: Guest | undefined): string | undefined {
  if (guest === undefined) return `the token sees no VM ${id}`;
  if (guest.type !== "qemu") return `${id} is a container`;
  return guest.template === 1 ? undefined : `VM ${id} is not a template`;
}

function placeOf(
  { vmid, node }: Guest,
  clones: readonly Node[],
  env: NodeJS.ProcessEnv,
): { readonly problems: string[]; readonly unseen?: string } {
  const [clone] = clones;
  if (clone === undefined) return { problems: [] };
  const place = settled(clone.vm.templatePveNode ?? clone.vm.pveNode, env);
  if ("unseen" in place) return { problems: [], unseen: place.unseen };
  return { problems: place.value === node ? [] : [`VM ${vmid} is on ${node}, not on ${place.value}`] };
}

type Setting = string | number | undefined;

/** Settings of a VM, as Proxmox VE shows them. */
export type VmConfig = Readonly<Record<string, Setting>>;

/**
 * What clones would get from a template that they do not state, and what they would lack.
 *
 * @returns ends of sentences that begin with the VM
 */
export function templateFaults(config: VmConfig, clones: readonly Node[]): string[] {
  const faults = clones.flatMap((node) => faultsFor(config, node).map((fault) => ({ fault, node })));
  const ofNodes = [...groupBy(faults, ({ fault }) => fault)].map(([fault, some]) => {
    const names = some.map(({ node }) => node.hostname);
    return `${fault} ${enumerated(names.length > 3 ? [...names.slice(0, 2), `${names.length - 2} more`] : names)}`;
  });
  return [...ofNodes, ...Object.entries(config).flatMap(leftBehind)];
}

/** Followed by the name of the node. */
function faultsFor(config: VmConfig, { vm, nixos }: Node): string[] {
  const faults: string[] = [];
  const firmware = config.bios === "ovmf" ? "uefi" : "bios";
  if (firmware !== nixos.firmware)
    faults.push(`boots with ${firmware}, and ${nixos.firmware} is the firmware of`);
  const [first] = vm.disks;
  if (first === undefined) return faults;
  const disks = Object.keys(config).filter((name) => isDrive(name) && !isCdrom(config[name]));
  if (!disks.includes(first.interface)) {
    // Proxmox VE would add an empty one.
    const instead = disks.length === 0 ? "no disk" : `its disk on ${enumerated(disks)}`;
    return [...faults, `has ${instead}, and ${first.interface} is the first disk of`];
  }
  const size = sizeGib(config[first.interface]);
  if (size !== undefined && size > first.sizeGib)
    faults.push(`has a disk of ${size} GiB, its templateDiskGib, and ${first.sizeGib} is the sizeGib of`);
  const others = disks.filter((name) => !vm.disks.some((disk) => disk.interface === name));
  return [...faults, ...others.map((name) => `has a disk on ${name}, which is no disk of`)];
}

const isDrive = (name: string): boolean => /^(ide|sata|scsi|virtio)\d+$/.test(name);
const isCdrom = (value: Setting): boolean => /(^|,)media=cdrom(,|$)/.test(String(value));

/** In whole GiB, as `templateDiskGib` states it. @returns `undefined` where Proxmox VE does not show it */
export function sizeGib(drive: Setting): number | undefined {
  const [, number, unit = ""] = /(?:^|,)size=(\d+)([KMGT]?)(?:,|$)/.exec(String(drive)) ?? [];
  if (number === undefined) return undefined;
  return Math.ceil((Number(number) * 1024 ** " KMGT".indexOf(unit || " ")) / 1024 ** 3);
}

/** What an installation by hand leaves: a CD, whose image each clone would need, and settings of cloud-init, which NixOS does not read. */
function leftBehind([name, value]: readonly [string, Setting]): string[] {
  const text = String(value).split(",")[0] ?? "";
  if (/^(ciuser|cipassword|cicustom|citype|sshkeys|nameserver|searchdomain|ipconfig\d+)$/.test(name))
    return [`has the setting ${name} of cloud-init, which its clones do not read`];
  if (!isDrive(name) || !isCdrom(value) || text === "none") return [];
  return /cloudinit/.test(text)
    ? [`has the drive of cloud-init on ${name}, which its clones would get`]
    : [`has ${text} in its CD drive ${name}, which its clones would need`];
}
