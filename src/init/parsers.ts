import * as z from "zod";
import { contains, hostAddress, parseAnyNetwork, parseNetwork } from "../config/address";
import { DiskSchema, NetworkInterfaceSchema, NetworkSchema, NixosSchema, VmSchema } from "../config/settings";
import { unwrapped, docOf } from "../config/settings/kinds";
import type { Answers, Name } from "./options";

/** The parsed value, or a description of what was expected. */
type Parsed<T> = { readonly value: T } | { readonly wish: string };

/** Parses an answer; earlier answers may restrict it. */
type Parser<K extends Name> = (text: string, earlier: Partial<Answers>) => Parsed<Answers[K]>;

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

/** By the name of the question. */
export const PARSERS: { readonly [K in Name]: Parser<K> } = {
  pveNodes,
  endpoint,
  network: setting(NetworkSchema.shape.nodeCidr),
  gateway,
  servers: serverCount,
  agents: whole(0, 200),
  firstVmId,
  templateVmId: whole(100, 999_999_999),
  datastore: setting(DiskSchema.shape.datastore),
  bridge: setting(NetworkInterfaceSchema.shape.bridge),
  rootUuid: orNothing(setting(NixosSchema.shape.rootFilesystem.unwrap().shape.uuid)),
  tokenCommand: words,
};
