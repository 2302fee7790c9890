import { groupBy } from "../base/group-by";
import type { Cluster, Nixos, Node } from "../config/model";
import { TEMPLATES } from "../config/names";
import { nixpkgsArchive } from "../config/nixos";
import { renderHardware } from "./host";
import { fill } from "./templates";

/** A VM from which nodes are cloned. */
export interface TemplateVm {
  readonly vmId: number;
  /** A node that is cloned from it, with the settings that the image needs. */
  readonly node: Node;
  /** Why nixpkgs' image builder cannot make it: completes "it is made by hand, since". @default - it can */
  readonly byHand?: string;
}

export function templateVms({ nodes }: Pick<Cluster, "nodes">): TemplateVm[] {
  return [...groupBy(nodes, ({ vm }) => vm.templateVmId)].map(([vmId, [node, ...others]]) => ({
    vmId,
    node,
    byHand: reasonByHand(node, others),
  }));
}

/** What an image has, and a clone cannot change. */
const imageOf = ({ firmware, bootDisk, efiSystemPartition, rootFilesystem, platform }: Nixos): string =>
  JSON.stringify([platform, rootFilesystem, firmware === "bios" ? bootDisk : efiSystemPartition]);

function reasonByHand({ nixos }: Node, others: readonly Node[]): string | undefined {
  if (nixos.rootFilesystem.type !== "ext4")
    return `nixpkgs' image builder has no ${nixos.rootFilesystem.type}`;
  const other = others.find((each) => imageOf(each.nixos) !== imageOf(nixos));
  return other && `${other.hostname} states another root filesystem, boot device or platform than the others`;
}

/** Renders the files of every template that can be built, by their path in the folder of the hosts, without their headers. */
export function renderTemplates(cluster: Cluster, hosts: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const template of templateVms(cluster).filter(({ byHand }) => byHand === undefined)) {
    const folder = `${TEMPLATES}/${template.vmId}`;
    for (const [name, text] of filesOf(cluster, template, `${hosts}/${folder}`))
      files.set(`${folder}/${name}`, text);
  }
  return files;
}

function filesOf(
  { authorizedKeys, nixos: common }: Cluster,
  { vmId, node }: TemplateVm,
  folder: string,
): [string, string][] {
  const { nixos } = node;
  const bios = nixos.firmware === "bios";
  const configuration = fill("template/configuration.nix", {
    vmId,
    authorizedKeys,
    releaseMessage: `This template is written for NixOS ${nixos.release}, and nixpkgs is `,
    ...nixos,
    bios,
  });
  const image = fill("template/image.nix", {
    vmId,
    folder,
    bios,
    nixpkgs: common?.nixpkgs !== undefined && {
      archive: nixpkgsArchive(common.nixpkgs.rev),
      hash: common.nixpkgs.hash,
    },
    espSerial: (nixos.efiSystemPartition ?? "").replace("-", ""),
    rootUuid: nixos.rootFilesystem.uuid,
  });
  return [
    ["configuration.nix", configuration],
    ["hardware-configuration.nix", renderHardware(`the template of VM ${vmId}`, nixos, false)],
    ["image.nix", image],
  ];
}

/** How to make a template, as commands. */
export interface Recipe {
  /** Of the files that describe it. */
  readonly folder: string;
  /** Where its PVE node gets the disk. */
  readonly image: string;
  readonly pveNode: string;
  readonly disk: string;
  readonly datastore: string;
  readonly bridge: string;
  /** Commands for its PVE node that make the VM. */
  readonly create: readonly string[];
  /** The one that removes the image from there. */
  readonly remove: string;
}

/** A name in Proxmox VE as a command has it. */
export type NameOf = (name: string | undefined, placeholder: string) => string;

/** @param hosts - folder of the hosts */
export function recipeOf(
  { vmId, node: { vm, nixos } }: TemplateVm,
  hosts: string,
  nameOf: NameOf = known,
): Recipe {
  const image = `/var/tmp/template-${vmId}.raw`;
  const disk = vm.disks[0]?.interface ?? "scsi0";
  const datastore = nameOf(vm.disks[0]?.datastore, "DATASTORE");
  const bridge = nameOf(vm.networkInterfaces[0]?.bridge, "BRIDGE");
  const options = [
    "--name k3s-template --ostype l26 --agent enabled=1",
    `--cores 2 --memory 2048 --cpu ${vm.cpuType} --scsihw ${vm.scsiHardware ?? "virtio-scsi-pci"}`,
    `--net0 virtio,bridge=${bridge}`,
    ...(nixos.firmware === "uefi"
      ? [`--bios ovmf --efidisk0 ${datastore}:1,efitype=4m,pre-enrolled-keys=0`]
      : []),
  ];
  return {
    folder: `${hosts}/${TEMPLATES}/${vmId}`,
    pveNode: nameOf(vm.templatePveNode ?? vm.pveNode, "PVE_NODE"),
    image,
    disk,
    datastore,
    bridge,
    create: [
      `qm create ${vmId} ${options.join(" ")}`,
      `qm set ${vmId} --${disk} ${datastore}:0,import-from=${image} --boot order=${disk}`,
      `qm template ${vmId}`,
    ],
    remove: `rm ${image}`,
  };
}

/** A name in Proxmox VE, or a placeholder for what only OpenTofu knows. */
const known: NameOf = (name, placeholder) =>
  name !== undefined && /^[A-Za-z0-9_-]+$/.test(name) ? name : placeholder;
