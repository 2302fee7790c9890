import schemaFile from "../../schemas/proxmox@0.111.1.json";
import { IMPACTS, describeImpact, impactOf, restartsVm, worstImpactOf } from "../../src/provider/impact";
import { VM_TYPE } from "../../src/gate/subject";
import type { Json } from "../fixture";
import create from "../gate/plans/tofu-1.10/create.json";

const [provider] = Object.values<Json>(schemaFile.provider_schemas);

/** Names of all attributes and blocks, with dots. */
const pathsOf = ({ attributes = {}, block_types = {} }: Json, prefix = ""): string[] => [
  ...Object.entries<Json>(attributes).flatMap(([name, { type }]) => [
    prefix + name,
    ...fieldsOf(type).map((field) => `${prefix}${name}.${field}`),
  ]),
  ...Object.entries<Json>(block_types).flatMap(([name, { block }]) => [
    prefix + name,
    ...pathsOf(block, `${prefix}${name}.`),
  ]),
];

/** `network_device` is an attribute in the schema, and is written as blocks. */
const fieldsOf = (type: Json): string[] =>
  type[0] === "list" && type[1][0] === "object" ? Object.keys(type[1][1]) : [];

const PATHS = pathsOf(provider.resource_schemas[VM_TYPE].block);

const difference = (some: readonly string[], others: readonly string[]): string[] =>
  some.filter((one) => !others.includes(one)).sort();

test("every attribute and every block of the provider's schema has an impact", () => {
  expect(PATHS).toEqual(expect.arrayContaining(["cpu", "cpu.cores", "network_device.bridge"]));
  expect(PATHS).toContain("initialization.ip_config.ipv4.address");
  expect(difference(PATHS, Object.keys(IMPACTS))).toEqual([]);
});

test("an impact that is missing is found", () => {
  const table = Object.keys(IMPACTS).filter((path) => path !== "initialization.dns.servers");
  expect(difference(PATHS, table)).toEqual(["initialization.dns.servers"]);
});

test("nothing has an impact that the schema does not have", () => {
  expect(difference(Object.keys(IMPACTS), PATHS)).toEqual([]);
});

test.each<[string, unknown, unknown, string]>([
  ["disk.size", 32, 64, "nothing"],
  ["disk.size", 64, 32, "refused"],
  ["disk", undefined, { interface: "scsi1" }, "new empty disk"],
  ["disk", { interface: "scsi1" }, undefined, "detached disk"],
  ["disk", undefined, { interface: "scsi1", file_id: "local:iso/nixos.img" }, "replacement"],
  ["disk", { interface: "scsi1", file_id: "local:iso/nixos.img" }, undefined, "replacement"],
  ["disk.ssd", undefined, false, "nothing"],
  ["disk.ssd", undefined, true, "power-off later"],
  ["network_device", undefined, { bridge: "vmbr1" }, "nothing"],
  ["network_device", { bridge: "vmbr1" }, undefined, "live interface"],
  ["network_device.firewall", undefined, false, "nothing"],
  ["network_device.firewall", false, true, "live interface"],
  ["network_device.rate_limit", 0, 10, "nothing"],
  ["memory.dedicated", 16384, 32768, "power-off later"],
  ["memory.dedicated", 32768, 16384, "power-off later"],
  ["memory.floating", 8192, 4096, "nothing"],
  ["memory.floating", 0, 4096, "power-off later"],
  ["memory.floating", 4096, undefined, "power-off later"],
  ["hotplug", "network,disk,usb", "network,disk", "nothing"],
  ["hotplug", "network,disk,usb", "network,disk,usb,memory", "power-off later"],
  ["initialization", undefined, { datastore_id: "local" }, "needs off"],
  ["initialization", undefined, { user_data_file_id: "local:snippets/user.yaml" }, "replacement"],
  ["initialization", { datastore_id: "local" }, undefined, "no effect"],
  ["efi_disk", undefined, { type: "4m" }, "power-off later"],
  ["efi_disk", { type: "4m" }, undefined, "no effect"],
  ["started", true, false, "power-off now"],
  ["started", false, true, "start"],
  ["started", undefined, true, "nothing"],
  ["template", false, true, "template"],
  ["template", true, false, "refused"],
  ["amd_sev", undefined, { type: "std" }, "failing replacement"],
  ["amd_sev.type", "std", "es", "root only"],
  ["hook_script_file_id", undefined, "local:snippets/hook.pl", "root only"],
  ["hook_script_file_id", "", undefined, "nothing"],
  ["kvm_arguments", undefined, "-s", "root only"],
  ["cpu.affinity", undefined, "0-3", "root only"],
  ["cpu.architecture", undefined, "aarch64", "root only"],
  ["memory.hugepages", "", "2", "root only"],
  ["memory.keep_hugepages", false, true, "root only"],
  ["memory.shared", 0, 64, "root only"],
  ["memory.shared", 64, 0, "no effect"],
  ["hostpci", undefined, { device: "hostpci0", id: "0000:00:1f" }, "root only"],
  ["hostpci", undefined, { device: "hostpci0", mapping: "gpu" }, "power-off later"],
  ["hostpci.rom_file", undefined, "vbios.bin", "root only"],
  ["usb", undefined, { host: "1234:5678" }, "root only"],
  ["usb", undefined, { host: "spice" }, "nothing"],
  ["usb", { mapping: "zigbee" }, undefined, "live device"],
  ["usb.host", "spice", "1234:5678", "root only"],
  ["serial_device", undefined, { device: "/dev/ttyS0" }, "root only"],
  ["serial_device", undefined, { device: "socket" }, "power-off later"],
  ["serial_device.device", "socket", "/dev/ttyS0", "root only"],
  ["cdrom", { file_id: "none" }, undefined, "host's drive"],
  ["cdrom.file_id", "local:iso/a.iso", "local:iso/b.iso", "nothing"],
  ["cdrom.file_id", "local:iso/a.iso", undefined, "host's drive"],
  ["disk", undefined, { interface: "sata1" }, "power-off later"],
  ["disk", { interface: "sata1" }, undefined, "detached disk later"],
  ["disk.datastore_id", "local", "other", "needs off"],
  ["network_device.enabled", true, false, "live interface"],
  ["clone.vm_id", 9903, 9904, "no effect"],
  ["node_name", "pve", "pve2", "migration"],
  ["vm_id", 135, 235, "replacement"],
  ["agent.timeout", "15m", "60s", "nothing"],
  ["cpu.units", 1024, 2048, "nothing"],
  ["cpu.cores", 4, 8, "power-off later"],
])("%s from %j to %j: %s", (attribute, before, after, impact) => {
  expect(impactOf({ attribute, where: attribute, before, after })).toBe(impact);
});

/** Values of the reference cluster that are not the default. */
const STATED = ["agent.enabled", "cpu.cores", "memory.dedicated", "disk.datastore_id", "disk.interface"];

test("a default that is stated does nothing, for all that the provider adds to a VM in a real plan", () => {
  const { after } = (create.resource_changes as Json)[0].change;
  const affecting = ["agent", "cpu", "memory", "disk", "network_device"].flatMap((block) =>
    Object.entries<Json>(after[block][0])
      .filter(([, value]) => value !== null && !Array.isArray(value))
      .map(([name, value]) => ({ attribute: `${block}.${name}`, where: "", before: undefined, after: value }))
      .filter((change) => impactOf(change) !== "nothing"),
  );
  expect(affecting.map(({ attribute }) => attribute).sort()).toEqual(
    [...STATED, "network_device.mac_address"].sort(),
  );
});

test("a value that is not known yet has the worst impact", () => {
  expect(["disk.size", "disk", "memory.floating", "description"].map(worstImpactOf)).toEqual([
    "refused",
    "replacement",
    "power-off later",
    "nothing",
  ]);
});

test("an attribute that the schema does not have is an error, not a guess", () => {
  expect(impactOf({ attribute: "cpu.dies", where: "cpu.dies", before: 1, after: 2 })).toBe("refused");
});

test("a restart by the provider is distinguished from a change that Proxmox VE leaves pending", () => {
  expect(["cpu.cores", "agent.timeout", "disk.aio"].map(restartsVm)).toEqual([true, true, true]);
  expect(["disk.cache", "smbios.serial", "description"].map(restartsVm)).toEqual([false, false, false]);
});

test("further effects of an attribute are named: rights, and a change that every later plan shows again", () => {
  expect(describeImpact("nothing", "startup.order")).toBe(
    "takes effect at once; the token needs Sys.Modify on /",
  );
  expect(describeImpact("power-off later", "virtiofs.mapping")).toMatch(
    /; the token needs Mapping.Use on the mapping$/,
  );
  expect(describeImpact("no effect", "disk.file_format")).toBe(
    "has no effect on an existing VM; every later plan shows the change again",
  );
  expect(describeImpact("live interface", "network_device.enabled")).toMatch(
    /; every later plan shows the change again$/,
  );
  expect(describeImpact("root only", "usb.host")).not.toContain("Mapping.Use");
});

test("a changed disk is never called harmless", () => {
  expect(describeImpact("nothing", "disk.size")).toBe("takes effect at once");
  expect(describeImpact("nothing", "description")).toBe("takes effect at once without interruption");
});
