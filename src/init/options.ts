/** What `init` asks. Without zod, which `--help` would load otherwise. */

/** What `init` has to know about the new cluster. */
export interface Answers {
  readonly pveNodes: readonly string[];
  readonly endpoint: string;
  readonly network: string;
  /** "" for DHCP. */
  readonly gateway: string;
  readonly servers: number;
  readonly agents: number;
  readonly firstVmId: number;
  readonly templateVmId: number;
  readonly datastore: string;
  readonly bridge: string;
  /** "" when it is not known yet. */
  readonly rootUuid: string;
  /** Program and arguments that print the join token; empty for a file with a new token. */
  readonly tokenCommand: readonly string[];
}

export type Name = keyof Answers;

/** A question, and the option that answers it beforehand. */
export interface InitOption {
  /** In commander's notation. */
  readonly flags: string;
  readonly text: string;
  /** The default answer; it may depend on earlier answers. "" is what the text says of an empty one. */
  readonly standard: (earlier: Partial<Answers>) => string;
}

/** In the order of the dialogue. */
export const OPTIONS: Readonly<Record<Name, InitOption>> = {
  pveNodes: {
    flags: "--pve-nodes <names>",
    text: "PVE nodes that run the VMs, the template's node first",
    standard: () => "pve",
  },
  endpoint: {
    flags: "--endpoint <url>",
    text: "URL of Proxmox VE's API",
    standard: ({ pveNodes: [first = "pve"] = [] }) => `https://${first}:8006/`,
  },
  network: { flags: "--network <cidr>", text: "network of the nodes", standard: () => "192.168.1.0/24" },
  gateway: {
    flags: "--gateway <address>",
    text: "default gateway, which also answers DNS; empty for DHCP with a reservation for each node",
    standard: () => "",
  },
  servers: {
    flags: "--servers <number>",
    text: "number of servers, which run the control plane",
    standard: () => "1",
  },
  agents: { flags: "--agents <number>", text: "number of agents", standard: () => "2" },
  firstVmId: {
    flags: "--first-vm-id <id>",
    text: "VM ID of the first node; it is also the host number in the network",
    standard: () => "200",
  },
  templateVmId: {
    flags: "--template-vm-id <id>",
    text: "VM ID of the template with NixOS",
    standard: () => "9000",
  },
  datastore: {
    flags: "--datastore <name>",
    text: "PVE datastore of the disks",
    standard: () => "local-lvm",
  },
  bridge: { flags: "--bridge <name>", text: "PVE bridge of the node network", standard: () => "vmbr0" },
  rootUuid: {
    flags: "--root-uuid <uuid>",
    text: "UUID of the template's root filesystem (blkid in it); empty if you do not know it yet",
    standard: () => "",
  },
  tokenCommand: {
    flags: "--token-command <words>",
    text: "program that prints the join token, such as sops -d token.enc; empty for a new token in a file that git ignores",
    standard: () => "",
  },
};

/** The forge that hosts a project, which decides the CI configuration. */
export const FORGES = ["github", "gitlab", "forgejo", "none"] as const;
export type Forge = (typeof FORGES)[number];
