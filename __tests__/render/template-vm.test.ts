import { recipeOf, renderTemplates, templateVms } from "../../src/render/template-vm";
import { cluster } from "../system/clusters";

type Sketch = Parameters<typeof cluster>[0];

const UEFI: Sketch = {
  nixos: { firmware: "uefi", bootDisk: undefined, efiSystemPartition: "1A2B-3C4D" },
};

const texts = (sketch: Sketch): Record<string, string> =>
  Object.fromEntries(renderTemplates(cluster(sketch), "nix"));

const recipe = (sketch: Sketch) => {
  const [template] = templateVms(cluster(sketch));
  if (template === undefined) throw new Error("there is no template");
  return recipeOf(template, "nix");
};

test("a template has the hosts' keys, boot loader and root filesystem, and no K3s", () => {
  const files = texts({});
  expect(Object.keys(files)).toEqual([
    "templates/9903/configuration.nix",
    "templates/9903/hardware-configuration.nix",
    "templates/9903/image.nix",
  ]);
  expect(files).toMatchSnapshot();
  expect(files["templates/9903/configuration.nix"]).not.toContain("services.k3s");
});

test("one for UEFI gets the serial number of the hosts' EFI system partition", () => {
  const files = texts(UEFI);
  expect(files["templates/9903/image.nix"]).toContain('-i "$diskImage@@8M" -N 1A2B3C4D ::');
  expect(files["templates/9903/image.nix"]).toContain('partitionTableType = "efi";');
  expect(files["templates/9903/configuration.nix"]).toContain("boot.loader.systemd-boot.enable = true;");
});

test("one of a cluster with one nixpkgs is built with it", () => {
  const nixpkgs = { rev: "a".repeat(40), hash: `sha256-${"A".repeat(43)}=` };
  expect(texts({ nixos: { nixpkgs } })["templates/9903/image.nix"]).toContain(`
  nixpkgs ? fetchTarball {
    url = "https://github.com/NixOS/nixpkgs/archive/${nixpkgs.rev}.tar.gz";
    sha256 = "${nixpkgs.hash}";
  },
}:
`);
});

test("each template that nodes are cloned from has its own", () => {
  const files = texts({ agent: [{ templateVmId: 9904 }] });
  expect(new Set(Object.keys(files).map((path) => path.split("/")[1]))).toEqual(new Set(["9903", "9904"]));
});

test.each<[string, Sketch, string]>([
  [
    "with a root filesystem that nixpkgs' image builder does not make",
    { nixos: { rootFilesystem: { uuid: "dd933e34-9e75-4a1c-8597-61e6d3b7af63", type: "xfs" } } },
    "nixpkgs' image builder has no xfs",
  ],
  [
    "of hosts that state different disks",
    { agent: [{ nixos: { bootDisk: "/dev/vda" } }] },
    "agent-1 states another root filesystem, boot device or platform than the others",
  ],
])("one %s is made by hand", (_, sketch, why) => {
  expect(templateVms(cluster(sketch)).map(({ byHand }) => byHand)).toEqual([why]);
  expect(texts(sketch)).toEqual({});
});

test("the commands that make the VM name what the model knows", () => {
  expect(recipe({})).toEqual({
    folder: "nix/templates/9903",
    image: "/var/tmp/template-9903.raw",
    pveNode: "pve",
    disk: "scsi0",
    datastore: "Cesspool-VM",
    bridge: "vmbr0",
    create: [
      "qm create 9903 --name k3s-template --ostype l26 --agent enabled=1 --cores 2 --memory 2048 --cpu x86-64-v2-AES --scsihw virtio-scsi-pci --net0 virtio,bridge=vmbr0",
      "qm set 9903 --scsi0 Cesspool-VM:0,import-from=/var/tmp/template-9903.raw --boot order=scsi0",
      "qm template 9903",
    ],
    remove: "rm /var/tmp/template-9903.raw",
  });
  expect(recipe(UEFI).create[0]).toMatch(
    / --bios ovmf --efidisk0 Cesspool-VM:1,efitype=4m,pre-enrolled-keys=0$/,
  );
});

test("and a placeholder where only OpenTofu knows it", () => {
  const unknown = { pveNode: "var.proxmox_node" };
  const [template] = templateVms(cluster({}));
  if (template === undefined) throw new Error("there is no template");
  const node = { ...template.node, vm: { ...template.node.vm, ...unknown } };
  expect(recipeOf({ ...template, node }, "nix").pveNode).toBe("PVE_NODE");
});
