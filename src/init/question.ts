import * as z from "zod";
import { contains, hostAddress, parseAnyNetwork, parseNetwork } from "../config/address";
import { DiskSchema, NetworkInterfaceSchema, NetworkSchema, NixosSchema, VmSchema } from "../config/settings";
import { unwrapped, docOf } from "../config/settings/kinds";

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

/** The parsed value, or a description of what was expected. */
type Parsed<T> = { readonly value: T } | { readonly wish: string };

/** A question, which an option can answer beforehand. */
export interface Question<K extends Name = Name> {
  readonly name: K;
  /** In commander's notation. */
  readonly option: string;
  readonly text: string;
  /** The default answer; it may depend on earlier answers. */
  readonly standard: (earlier: Partial<Answers>) => string;
  readonly parse: (text: string, earlier: Partial<Answers>) => Parsed<Answers[K]>;
}

/** Parses with the setting's own schema, so that the first synth refuses no answer. */
const setting =
  (schema: z.core.$ZodType) =>
  (text: string): Parsed<string> =>
    z.safeParse(unwrapped(schema), text).success ? { value: text } : { wish: docOf(schema).expected };

const orNothing =
  (parse: (text: string) => Parsed<string>) =>
  (text: string): Parsed<string> =>
    text === "" ? { value: "" } : parse(text);

const whole =
  (least: number, most: number) =>
  (text: string): Parsed<number> => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    return number >= least && number <= most
      ? { value: number }
      : { wish: `a whole number from ${least} to ${most}` };
  };

/** An even number of servers tolerates no more failures than one fewer. */
const serverCount = (text: string): Parsed<number> =>
  /^[1357]$/.test(text) ? { value: Number(text) } : { wish: "1, 3, 5 or 7" };

function endpoint(text: string): Parsed<string> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === "https:" && url.username === ""
    ? { value: url.href }
    : { wish: "a URL such as https://pve.example.org:8006/" };
}

/** Every node's VM ID has to give it an address. */
function firstVmId(
  text: string,
  { network = "", servers = 1, agents = 0 }: Partial<Answers>,
): Parsed<number> {
  const parsed = whole(100, 999_999)(text);
  const cidr = parseNetwork(network);
  if ("wish" in parsed || cidr === undefined) return parsed;
  const last = parsed.value + servers + agents - 1;
  const fits = hostAddress(cidr, parsed.value) !== undefined && hostAddress(cidr, last) !== undefined;
  return fits
    ? parsed
    : { wish: `a VM ID from which ${servers + agents} in a row are host numbers of ${network}` };
}

function gateway(text: string, { network = "" }: Partial<Answers>): Parsed<string> {
  const cidr = parseNetwork(network);
  const address = parseAnyNetwork(`${text}/32`);
  const isInside = cidr !== undefined && address !== undefined && contains(cidr, address.first);
  return text === "" || isInside ? { value: text } : { wish: `an IPv4 address in ${network}` };
}

function pveNodes(text: string): Parsed<string[]> {
  const names = text.split(",").map((name) => name.trim());
  const parse = setting(VmSchema.shape.pveNode);
  return names.every((name) => "value" in parse(name))
    ? { value: names }
    : { wish: "names of PVE nodes such as pve1,pve2" };
}

const words = (text: string): Parsed<string[]> => ({ value: text.split(/\s+/).filter(Boolean) });

const question = <K extends Name>(one: Question<K>): Question => one;

/** In the order of the dialogue. */
export const QUESTIONS: readonly Question[] = [
  question({
    name: "pveNodes",
    option: "--pve-nodes <names>",
    text: "PVE nodes that run the VMs, the template's node first",
    standard: () => "pve",
    parse: pveNodes,
  }),
  question({
    name: "endpoint",
    option: "--endpoint <url>",
    text: "URL of Proxmox VE's API",
    standard: ({ pveNodes: [first = "pve"] = [] }) => `https://${first}:8006/`,
    parse: endpoint,
  }),
  question({
    name: "network",
    option: "--network <cidr>",
    text: "network of the nodes",
    standard: () => "192.168.1.0/24",
    parse: setting(NetworkSchema.shape.nodeCidr),
  }),
  question({
    name: "gateway",
    option: "--gateway <address>",
    text: "default gateway, which also answers DNS; empty for DHCP with a reservation for each node",
    standard: () => "",
    parse: gateway,
  }),
  question({
    name: "servers",
    option: "--servers <number>",
    text: "number of servers, which run the control plane",
    standard: () => "1",
    parse: serverCount,
  }),
  question({
    name: "agents",
    option: "--agents <number>",
    text: "number of agents",
    standard: () => "2",
    parse: whole(0, 200),
  }),
  question({
    name: "firstVmId",
    option: "--first-vm-id <id>",
    text: "VM ID of the first node; it is also the host number in the network",
    standard: () => "200",
    parse: firstVmId,
  }),
  question({
    name: "templateVmId",
    option: "--template-vm-id <id>",
    text: "VM ID of the template with NixOS",
    standard: () => "9000",
    parse: whole(100, 999_999_999),
  }),
  question({
    name: "datastore",
    option: "--datastore <name>",
    text: "PVE datastore of the disks",
    standard: () => "local-lvm",
    parse: setting(DiskSchema.shape.datastore),
  }),
  question({
    name: "bridge",
    option: "--bridge <name>",
    text: "PVE bridge of the node network",
    standard: () => "vmbr0",
    parse: setting(NetworkInterfaceSchema.shape.bridge),
  }),
  question({
    name: "rootUuid",
    option: "--root-uuid <uuid>",
    text: "UUID of the template's root filesystem (blkid in it); empty if you do not know it yet",
    standard: () => "",
    parse: orNothing(setting(NixosSchema.shape.rootFilesystem.unwrap().shape.uuid)),
  }),
  question({
    name: "tokenCommand",
    option: "--token-command <words>",
    text: "program that prints the join token, such as sops -d token.enc; empty for a new token in a file that git ignores",
    standard: () => "",
    parse: words,
  }),
];
