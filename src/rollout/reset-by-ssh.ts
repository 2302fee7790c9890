import { joined } from "../base/user-error";
import type { Contact } from "./first-contact";
import { PveNode } from "./pve-node";
import type { Guest, ResetWay } from "./reset-way";
import type { Ssh } from "./ssh";

/** As root over SSH to the PVE nodes, under their names in Proxmox VE. */
export class SshReset implements ResetWay {
  private readonly nodes: Map<string, PveNode>;
  private readonly checked = new Set<string>();

  /** @param names - of PVE nodes that `main.ts` names */
  public constructor(
    private readonly ssh: Ssh,
    private readonly names: readonly string[],
  ) {
    this.nodes = new Map(names.map((name) => [name, new PveNode(ssh, name)]));
  }

  /** Those that were reached. */
  public readonly contacts = (): readonly Contact[] => [...this.nodes.values()];

  /** The connections are the session's. */
  public readonly close = (): void => undefined;

  /** Each PVE node knows those of its whole cluster, so the first that answers is enough. */
  public readonly resources = async (): Promise<unknown> => {
    const failures: unknown[] = [];
    for (const name of this.names) {
      try {
        return await this.node(name).get(["cluster", "resources"], { type: "vm" });
      } catch (error) {
        failures.push(error);
      }
    }
    throw joined(failures);
  };

  /** On the node that would be told to; once for all of its VMs, since each call takes most of a second. */
  public readonly check = async ({ node, vmid }: Guest): Promise<void> => {
    if (this.checked.has(node)) return;
    await this.node(node).succeed(`qm status ${vmid}`, { reads: true });
    this.checked.add(node);
  };

  public readonly reset = async ({ node, vmid }: Guest): Promise<void> => {
    await this.node(node).succeed(`qm reset ${vmid}`);
  };

  private node(name: string): PveNode {
    const known = this.nodes.get(name) ?? new PveNode(this.ssh, name);
    this.nodes.set(name, known);
    return known;
  }
}
