import { isDrive, isNew, parseDrive, printDrive, storageOf } from "./drive";
import { Ha } from "./ha";
import { noConfiguration, Refusal } from "./refusal";
import { GIB, Storage } from "./storage";
import { Tasks } from "./tasks";
import { Vm } from "./vm";

interface Container {
  readonly id: number;
  readonly node: string;
  readonly name: string;
}

export interface Hardware {
  readonly nodes: readonly string[];
  readonly storages: readonly string[];
  /** Bridges of each node. @default - vmbr0 */
  readonly bridges?: readonly string[];
  /** CPUs of each node. @default 16 */
  readonly cpus?: number;
  /** Memory of each node. @default 65536 */
  readonly memoryMib?: number;
}

/** What a cluster of Proxmox VE has: nodes, guests, volumes, tasks. */
export class Inventory {
  public readonly vms = new Map<number, Vm>();
  public readonly containers: Container[] = [];
  public readonly pools = new Map<string, Set<number>>();
  public readonly tasks = new Tasks();
  public readonly ha = new Ha(this);
  public readonly storage: Storage;
  /** Datastores that all nodes share. */
  public readonly shared = new Set<string>();
  /** Datastores' types that are not LVM-thin. */
  public readonly datastoreTypes = new Map<string, string>();
  /** Each PVE node's disks; the volume group of all datastores is on the first one's third partition. */
  public disks: readonly { readonly devpath: string; readonly type: string }[] = [
    { devpath: "/dev/sda", type: "ssd" },
    { devpath: "/dev/sdb", type: "hdd" },
  ];
  /** Addresses that VMs got from DHCP, by VM ID; others have one that follows from the ID. */
  public readonly leases = new Map<number, string>();
  /** How long a clone takes. */
  public cloneMilliseconds = 0;

  public constructor(private readonly hardware: Hardware) {
    this.storage = new Storage(hardware.storages);
  }

  public get nodes(): readonly string[] {
    return this.hardware.nodes;
  }

  public get cpus(): number {
    return this.hardware.cpus ?? 16;
  }

  public get memoryMib(): number {
    return this.hardware.memoryMib ?? 65_536;
  }

  public get bridges(): readonly string[] {
    return this.hardware.bridges ?? ["vmbr0"];
  }

  public get storages(): readonly string[] {
    return this.hardware.storages;
  }

  public knowsNode(node: string): void {
    if (!this.nodes.includes(node)) throw new Refusal(500, `no such cluster node '${node}'`);
  }

  public vm(node: string, id: number): Vm {
    const vm = this.vms.get(id);
    if (vm === undefined || vm.node !== node) throw noConfiguration(node, id);
    return vm;
  }

  /** @throws Refusal when a guest of any kind has the ID: they share one number space */
  public idIsFree(id: number): void {
    if (this.vms.has(id)) throw new Refusal(500, `unable to create VM ${id}: config file already exists`);
    const container = this.containers.find((one) => one.id === id);
    if (container !== undefined)
      throw new Refusal(
        500,
        `unable to create VM ${id} - VM ${id} already exists on node '${container.node}'`,
      );
  }

  /** Adds a VM; a drive `STORE:GIB` gets a new volume. */
  public add(id: number, node: string, options: Readonly<Record<string, string>>): Vm {
    const kept = Object.entries(options).map(([option, value]): [string, string] => [
      option,
      isDrive(option) && !value.includes("media=cdrom") ? this.drive(id, value) : value,
    ]);
    const vm = new Vm(id, node, new Map(kept));
    this.vms.set(id, vm);
    return vm;
  }

  /** A drive as a configuration stores it: with a volume that exists, and its size. */
  public drive(owner: number, value: string): string {
    const { volume, options } = parseDrive(value);
    const kept = isNew(volume)
      ? this.storage.allocate(storageOf(volume), owner, Number(volume.split(":")[1]) * GIB)
      : volume;
    const rest = [...options].filter(([key]) => key !== "format" && key !== "size");
    return printDrive({ volume: kept, options: new Map([...rest, ["size", this.storage.size(kept)]]) });
  }
}
