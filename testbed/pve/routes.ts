import { clone } from "./clone";
import { configure } from "./configuration";
import { move, resize } from "./disk";
import { storageOf } from "./drive";
import type { Inventory } from "./inventory";
import { destroy, migrate, power } from "./power";
import { invalid, Refusal } from "./refusal";
import type { Token } from "./token";
import type { Vm } from "./vm";

/** An authenticated request. */
export interface Call {
  readonly inventory: Inventory;
  readonly token: Token;
  /** The parts of the path at `:name`. */
  readonly at: Readonly<Record<string, string>>;
  readonly parameters: ReadonlyMap<string, string>;
}

/** @returns the `data` of the answer */
type Handler = (call: Call) => unknown;

const vmOf = ({ inventory, at }: Call): Vm => inventory.vm(at.node ?? "", Number(at.id));

/** The part of the VM that the token may see. */
const audited = (call: Call): Vm => {
  call.token.demand(`/vms/${call.at.id}`, "VM.Audit");
  return vmOf(call);
};

const visible = ({ inventory, token, at }: Call): Vm[] =>
  [...inventory.vms.values()].filter(
    ({ id, node }) => (at.node === undefined || node === at.node) && token.holds(`/vms/${id}`, "VM.Audit"),
  );

const summary = ({ id, running, options }: Vm) => ({
  vmid: id,
  name: options.get("name") ?? `VM ${id}`,
  status: running ? "running" : "stopped",
  ...(options.get("tags") && { tags: options.get("tags") }),
  ...(options.get("template") === "1" && { template: 1 }),
});

function containers({ inventory, token, at }: Call) {
  return inventory.containers
    .filter(({ id, node }) => node === at.node && token.holds(`/vms/${id}`, "VM.Audit"))
    .map(({ id, name }) => ({ vmid: id, name, status: "running" }));
}

function agentInterfaces(call: Call) {
  call.token.demand(`/vms/${call.at.id}`, "VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted");
  const vm = vmOf(call);
  if (!vm.running) throw new Refusal(500, `VM ${vm.id} is not running`);
  if (!vm.agentAnswers) throw new Refusal(500, "QEMU guest agent is not running");
  const mac = /([0-9A-F]{2}:){5}[0-9A-F]{2}/i.exec(vm.options.get("net0") ?? "")?.[0].toLowerCase();
  const address = {
    "ip-address": call.inventory.leases.get(vm.id) ?? `10.0.${vm.id >> 8}.${vm.id & 255}`,
    "ip-address-type": "ipv4",
    prefix: 24,
  };
  return { result: [{ name: "eth0", "hardware-address": mac, "ip-addresses": [address] }] };
}

/** A volume of a VM is visible to those who may see its storage and change its disks, and to the storage's administrator. */
function volume({ inventory, token, at }: Call) {
  const name = at.volume ?? "";
  const { owner, bytes } = inventory.storage.find(name);
  const storage = `/storage/${storageOf(name)}`;
  if (!token.holds(storage, "Datastore.Allocate")) {
    token.demand(storage, "Datastore.Audit");
    token.demand(`/vms/${owner}`, "VM.Config.Disk");
  }
  return { format: "raw", path: `/dev/${name}`, size: bytes, used: bytes };
}

const ofStorage = { active: 1, enabled: 1, shared: 0, type: "lvmthin", content: "images,rootdir" };

/** Of each storage. */
const TOTAL_BYTES = 900 * 1024 ** 3;

/** Storages without a privilege of the token are left out. */
const visibleStorages = ({ inventory, token }: Call): string[] =>
  inventory.storages.filter((storage) =>
    ["Datastore.Audit", "Datastore.AllocateSpace"].some((one) => token.holds(`/storage/${storage}`, one)),
  );

function storages(call: Call) {
  call.inventory.knowsNode(call.at.node ?? "");
  return visibleStorages(call).map((storage) => ({
    storage,
    ...ofStorage,
    type: call.inventory.datastoreTypes.get(storage) ?? ofStorage.type,
    shared: call.inventory.shared.has(storage) ? 1 : 0,
    total: TOTAL_BYTES,
  }));
}

const configuredStorages = (call: Call) =>
  visibleStorages(call).map((storage) => {
    const type = call.inventory.datastoreTypes.get(storage) ?? ofStorage.type;
    return { storage, type, content: ofStorage.content, ...(type === "lvmthin" && { vgname: "pve" }) };
  });

/** Fields as in pve-storage, src/PVE/Diskmanage.pm. */
function disks({ inventory, token, at, parameters }: Call) {
  token.demand("/", "Sys.Audit");
  inventory.knowsNode(at.node ?? "");
  const [first] = inventory.disks;
  const partition = first && { devpath: `${first.devpath}3`, parent: first.devpath, type: "partition" };
  return parameters.get("include-partitions") === "1" && partition
    ? [...inventory.disks, partition]
    : inventory.disks;
}

/** As src/PVE/API2/Disks/LVM.pm. */
function volumeGroups({ inventory, token }: Call) {
  token.demand("/", "Sys.Audit");
  const volumes = inventory.disks.slice(0, 1).map(({ devpath }) => ({ name: `${devpath}3`, leaf: 1 }));
  return { leaf: 0, children: [{ name: "pve", leaf: 0, children: volumes }] };
}

/** Bridges are left out in the same way. */
function networks({ inventory, token, at }: Call) {
  inventory.knowsNode(at.node ?? "");
  return inventory.bridges
    .filter((bridge) =>
      ["SDN.Audit", "SDN.Use"].some((one) => token.holds(`/sdn/zones/localnetwork/${bridge}`, one)),
    )
    .map((iface) => ({ iface, type: "bridge", active: 1 }));
}

/** Includes guests that the token does not see. */
function nextId({ inventory, parameters }: Call): string {
  const id = Number(parameters.get("vmid"));
  const taken = inventory.vms.has(id) || inventory.containers.some((one) => one.id === id);
  if (taken) throw invalid({ vmid: `VM ${id} already exists` });
  return String(id);
}

/** The privileges in effect at a path, each with whether it propagates. */
function permissions({ token, parameters }: Call) {
  const path = parameters.get("path") ?? "/";
  return { [path]: Object.fromEntries(token.privilegesAt(path).map((privilege) => [privilege, 1])) };
}

function guests(call: Call) {
  const { inventory, token } = call;
  const vms = visible(call).map((vm) => ({
    ...summary(vm),
    id: `qemu/${vm.id}`,
    type: "qemu",
    node: vm.node,
  }));
  const containers = inventory.containers
    .filter(({ id }) => token.holds(`/vms/${id}`, "VM.Audit"))
    .map(({ id, name, node }) => ({ vmid: id, name, status: "running", id: `lxc/${id}`, type: "lxc", node }));
  return [...vms, ...containers];
}

function storageStatus({ inventory, token, at }: Call) {
  token.demand(`/storage/${at.storage}`, "Datastore.Audit", "Datastore.AllocateSpace");
  inventory.storage.exists(at.storage ?? "");
  return { ...ofStorage, shared: inventory.shared.has(at.storage ?? "") ? 1 : 0 };
}

function pools({ inventory, parameters }: Call) {
  const wanted = parameters.get("poolid");
  return [...inventory.pools]
    .filter(([poolid]) => wanted === undefined || poolid === wanted)
    .map(([poolid, members]) => ({
      poolid,
      members: [...members].map((vmid) => ({ id: `qemu/${vmid}`, vmid, type: "qemu", node: "" })),
    }));
}

function cloneOf(call: Call): string {
  call.token.demand(`/vms/${call.at.id}`, "VM.Clone");
  return clone(call.inventory, vmOf(call), call.parameters, call.token);
}

const readHa =
  (handler: Handler): Handler =>
  (call) => {
    call.token.demand("/", "Sys.Audit");
    return handler(call);
  };

const writeHa =
  (handler: Handler): Handler =>
  (call) => {
    call.token.demand("/", "Sys.Console");
    return handler(call);
  };

const MIB = 1024 ** 2;

/** Without Sys.Audit, Proxmox VE leaves out what a node has. */
const nodes = ({ inventory, token }: Call) =>
  inventory.nodes.map((node) => ({
    node,
    status: "online",
    uptime: 1,
    ...(token.holds(`/nodes/${node}`, "Sys.Audit") && {
      maxcpu: inventory.cpus,
      maxmem: inventory.memoryMib * MIB,
    }),
  }));

export const ROUTES: readonly (readonly [method: string, path: string, handler: Handler])[] = [
  ["GET", "nodes", nodes],
  ["GET", "pools", pools],
  ["GET", "version", () => ({ version: "9.0.3", release: "9.0", repoid: "0123456789abcdef" })],
  ["GET", "access/permissions", permissions],
  ["GET", "cluster/resources", guests],
  ["GET", "cluster/nextid", nextId],
  ["GET", "cluster/ha/resources/:sid", readHa(({ inventory, at }) => inventory.ha.resource(at.sid ?? ""))],
  [
    "POST",
    "cluster/ha/resources",
    writeHa(({ inventory, parameters }) => inventory.ha.addResource(parameters)),
  ],
  [
    "PUT",
    "cluster/ha/resources/:sid",
    writeHa(({ inventory, at, parameters }) => inventory.ha.changeResource(at.sid ?? "", parameters)),
  ],
  [
    "DELETE",
    "cluster/ha/resources/:sid",
    writeHa(({ inventory, at }) => inventory.ha.removeResource(at.sid ?? "")),
  ],
  ["GET", "cluster/ha/rules/:rule", readHa(({ inventory, at }) => inventory.ha.rule(at.rule ?? ""))],
  ["POST", "cluster/ha/rules", writeHa(({ inventory, parameters }) => inventory.ha.addRule(parameters))],
  [
    "PUT",
    "cluster/ha/rules/:rule",
    writeHa(({ inventory, at, parameters }) => inventory.ha.changeRule(at.rule ?? "", parameters)),
  ],
  [
    "DELETE",
    "cluster/ha/rules/:rule",
    writeHa(({ inventory, at }) => inventory.ha.removeRule(at.rule ?? "")),
  ],
  ["GET", "nodes/:node/tasks/:upid/status", ({ inventory, at }) => inventory.tasks.status(at.upid ?? "")],
  ["GET", "nodes/:node/tasks/:upid/log", ({ inventory, at }) => inventory.tasks.log(at.upid ?? "")],
  ["GET", "storage", configuredStorages],
  ["GET", "nodes/:node/disks/list", disks],
  ["GET", "nodes/:node/disks/lvm", volumeGroups],
  ["GET", "nodes/:node/storage", storages],
  ["GET", "nodes/:node/network", networks],
  ["GET", "nodes/:node/storage/:storage/status", storageStatus],
  ["GET", "nodes/:node/storage/:storage/content/:volume", volume],
  ["GET", "nodes/:node/lxc", containers],
  ["GET", "nodes/:node/qemu", (call) => visible(call).map(summary)],
  [
    "DELETE",
    "nodes/:node/qemu/:id",
    (call) => destroy(call.inventory, vmOf(call), call.parameters, call.token),
  ],
  ["GET", "nodes/:node/qemu/:id/config", (call) => audited(call).configuration()],
  [
    "PUT",
    "nodes/:node/qemu/:id/config",
    (call) => configure(call.inventory, vmOf(call), call.parameters, call.token),
  ],
  [
    "GET",
    "nodes/:node/qemu/:id/status/current",
    (call) => {
      const vm = audited(call);
      return { ...summary(vm), ...(vm.lock && { lock: vm.lock }) };
    },
  ],
  [
    "POST",
    "nodes/:node/qemu/:id/status/:action",
    (call) => power(call.inventory, vmOf(call), call.at.action ?? "", call.token),
  ],
  ["GET", "nodes/:node/qemu/:id/agent/network-get-interfaces", agentInterfaces],
  ["POST", "nodes/:node/qemu/:id/clone", cloneOf],
  ["PUT", "nodes/:node/qemu/:id/resize", (call) => resize({ ...call, vm: vmOf(call) })],
  ["POST", "nodes/:node/qemu/:id/move_disk", (call) => move({ ...call, vm: vmOf(call) })],
  [
    "POST",
    "nodes/:node/qemu/:id/migrate",
    (call) => migrate(call.inventory, vmOf(call), call.parameters, call.token),
  ],
];
