/** Resets of hosts' VMs through Proxmox VE's API. */
import { UserError } from "../base/user-error";
import { PveError, type PveApi } from "../pve/api";
import type { Node } from "../config/model";
import { Deadline, pause } from "./deadline";

/** A guest, as Proxmox VE's `cluster/resources` lists it. */
interface Guest {
  readonly vmid: number;
  readonly node: string;
  readonly name?: string;
  readonly type: string;
}

const PRIVILEGE = "VM.PowerMgmt";

/** How long a reset may take: QEMU does it at once. */
const RESET_SECONDS = 60;

export class Resetter {
  public constructor(private readonly api: PveApi) {}

  public close(): void {
    this.api.close();
  }

  /** Before anything is changed. @throws UserError when it would not reset one of the VMs */
  public async check(nodes: readonly Node[]): Promise<void> {
    for (const node of nodes) {
      await this.find(node);
      const path = `/vms/${node.vmId}`;
      const permissions = (await this.ask(() =>
        this.api.get(["access", "permissions"], { path }),
      )) as Readonly<Record<string, Readonly<Record<string, number>>>>;
      if (permissions[path]?.[PRIVILEGE] === undefined)
        throw new UserError(
          "refused",
          `${node.hostname}: the token of PROXMOX_VE_API_TOKEN may not reset VM ${node.vmId}: it needs ${PRIVILEGE} on ${path}`,
        );
    }
  }

  /** As `qm reset`: like the reset button. @throws UserError when Proxmox VE did not do it */
  public async reset(node: Node): Promise<void> {
    const { node: pveNode } = await this.find(node);
    const upid = await this.ask(() =>
      this.api.post(["nodes", pveNode, "qemu", String(node.vmId), "status", "reset"]),
    );
    const deadline = new Deadline(RESET_SECONDS);
    for (;;) {
      const { status, exitstatus } = (await this.ask(() =>
        this.api.get(["nodes", pveNode, "tasks", String(upid), "status"]),
      )) as { status: string; exitstatus?: string };
      if (status === "stopped" && exitstatus === "OK") return;
      if (status === "stopped" || deadline.passed)
        throw new UserError(
          "failed",
          `VM ${node.vmId} could not be reset: ${exitstatus ?? `not within ${RESET_SECONDS} s`}`,
        );
      await pause(1);
    }
  }

  /** Wherever it has been migrated to. @throws UserError when it is not there, or is another one */
  private async find({ hostname, vmId }: Node): Promise<Guest> {
    const guests = (await this.ask(() =>
      this.api.get(["cluster", "resources"], { type: "vm" }),
    )) as readonly Guest[];
    const guest = guests.find((one) => one.vmid === vmId && one.type === "qemu");
    if (guest === undefined)
      throw new UserError("refused", `${hostname}: Proxmox VE shows the token no VM ${vmId}`);
    if (guest.name !== hostname)
      throw new UserError(
        "refused",
        `${hostname}: VM ${vmId} is named ${String(guest.name)} in Proxmox VE, and not ${hostname}`,
      );
    return guest;
  }

  private async ask<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof PveError)) throw error;
      throw new UserError(
        error.status === undefined ? "unreachable" : "failed",
        `Proxmox VE: ${error.message}`,
        {
          cause: error,
        },
      );
    }
  }
}
