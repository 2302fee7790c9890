import { UserError } from "../base/user-error";
import type { Node } from "../config/model";
import { PveError, type PveApi } from "../pve/api";
import { Deadline, pause } from "./deadline";
import type { Contact } from "./first-contact";
import type { Guest, ResetWay } from "./reset-way";

const PRIVILEGE = "VM.PowerMgmt";

/** How long a reset may take: QEMU does it at once. */
const RESET_SECONDS = 60;

/** Through Proxmox VE's API, with the provider's token. */
export class ApiReset implements ResetWay {
  public constructor(private readonly api: PveApi) {}

  public readonly contacts = (): readonly Contact[] => [];

  public readonly close = (): void => this.api.close();

  public readonly resources = (): Promise<unknown> =>
    this.ask(() => this.api.get(["cluster", "resources"], { type: "vm" }));

  public readonly check = async ({ vmid }: Guest, { hostname }: Node): Promise<void> => {
    const path = `/vms/${vmid}`;
    const permissions = (await this.ask(() => this.api.get(["access", "permissions"], { path }))) as Readonly<
      Record<string, Readonly<Record<string, number>>>
    >;
    if (permissions[path]?.[PRIVILEGE] === undefined)
      throw new UserError(
        "refused",
        `${hostname}: the token of PROXMOX_VE_API_TOKEN may not reset VM ${vmid}: it needs ${PRIVILEGE} on ${path}`,
      );
  };

  public readonly reset = async ({ node, vmid }: Guest): Promise<void> => {
    const upid = await this.ask(() =>
      this.api.post(["nodes", node, "qemu", String(vmid), "status", "reset"]),
    );
    const deadline = new Deadline(RESET_SECONDS);
    for (;;) {
      const { status, exitstatus } = (await this.ask(() =>
        this.api.get(["nodes", node, "tasks", String(upid), "status"]),
      )) as { status: string; exitstatus?: string };
      if (status === "stopped" && exitstatus === "OK") return;
      if (status === "stopped" || deadline.passed)
        throw new UserError(
          "failed",
          `VM ${vmid} could not be reset: ${exitstatus ?? `not within ${RESET_SECONDS} s`}`,
        );
      await pause(1);
    }
  };

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
