import * as z from "zod";
import type { Node } from "../config/model";
import type { Contact } from "./first-contact";

/** A guest, as Proxmox VE's `cluster/resources` lists it. */
export const GUEST = z.object({
  vmid: z.number(),
  node: z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/),
  name: z.string().optional(),
  type: z.string(),
});

export type Guest = z.output<typeof GUEST>;

/** How Proxmox VE is reached. */
export interface ResetWay {
  /** `cluster/resources`, as anything that its API may answer. */
  readonly resources: () => Promise<unknown>;
  /** Before anything is changed. @throws UserError when it would not reset the guest */
  readonly check: (guest: Guest, node: Node) => Promise<void>;
  /** As the reset button. @throws UserError when Proxmox VE did not do it */
  readonly reset: (guest: Guest) => Promise<void>;
  /** Machines whose SSH host keys have to be known. */
  readonly contacts: () => readonly Contact[];
  readonly close: () => void;
}
