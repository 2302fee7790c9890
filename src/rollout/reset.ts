/** Resets of hosts' VMs, through Proxmox VE's API or over SSH to its nodes. */
import * as z from "zod";
import { UserError } from "../base/user-error";
import type { Node } from "../config/model";
import { apiOf } from "../pve/environment";
import { ApiReset } from "./reset-by-api";
import { SshReset } from "./reset-by-ssh";
import { GUEST, type Guest, type ResetWay } from "./reset-way";
import type { Contact } from "./first-contact";
import type { Ssh } from "./ssh";

/** By the token of the environment, where it has one, else as root over SSH. @throws UserError when a token lacks the endpoint */
export const resetterOf = (env: NodeJS.ProcessEnv, ssh: Ssh, nodes: readonly Node[]): Resetter =>
  new Resetter(
    (env.PROXMOX_VE_API_TOKEN ?? "") === ""
      ? new SshReset(ssh, [...new Set(nodes.map(({ vm }) => vm.pveNode))])
      : new ApiReset(apiOf(env, "--reset-hung")),
  );

export class Resetter {
  public constructor(private readonly way: ResetWay) {}

  public contacts(): readonly Contact[] {
    return this.way.contacts();
  }

  public close(): void {
    this.way.close();
  }

  /** Before anything is changed. @throws UserError when it would not reset one of the VMs */
  public async check(nodes: readonly Node[]): Promise<void> {
    const resources = await this.way.resources();
    for (const node of nodes) await this.way.check(guestOf(resources, node), node);
  }

  /** As `qm reset`: like the reset button. @throws UserError when Proxmox VE did not do it */
  public async reset(node: Node): Promise<void> {
    await this.way.reset(guestOf(await this.way.resources(), node));
  }
}

/** The node's VM, wherever it has been migrated to. @throws UserError when it is not there, or is another one */
function guestOf(resources: unknown, { hostname, vmId }: Node): Guest {
  const { data = [] } = z.array(GUEST.catch(NONE)).safeParse(resources);
  const guest = data.find(({ vmid, type }) => vmid === vmId && type === "qemu");
  if (guest === undefined) throw new UserError("refused", `${hostname}: Proxmox VE shows no VM ${vmId}`);
  if (guest.name === hostname) return guest;
  throw new UserError(
    "refused",
    `${hostname}: VM ${vmId} is named ${String(guest.name)} in Proxmox VE, and not ${hostname}`,
  );
}

/** Resources that are no guests. */
const NONE = { vmid: 0, node: "none", type: "" };
