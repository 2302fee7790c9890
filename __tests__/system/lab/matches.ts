/** Which rules the packets of which checks match, by a counter in every rule. */
import { PATIENT, type Check, type Lab, type Patience } from "./lab";
import { rulesOf } from "./mutants";

export interface Matches {
  /** The shortest time with which all checks pass on this machine: a late packet must not count as refused. */
  readonly patience: Patience;
  /** Checks with packets that match some of these rules of hosts, and few others. */
  readonly noticing: (rules: Iterable<string>) => Check[];
}

/** The identity of a rule of a host. */
export const ruleOf = (host: string, rule: string): string => `${host}: ${rule}`;

const DECIDES = /\b(accept|drop|jump|goto|notrack)\b/;

/** The counter, as `Lab.idleCounters` names it, of a rule that does nothing but count and log. */
export function counterOf(rule: string): string | undefined {
  const [, host, counter] = /^(\S+): .*\bcounter name (\S+)/.exec(rule) ?? [];
  return counter === undefined || DECIDES.test(rule) ? undefined : `${counter} of ${host}`;
}

/** @throws Error when checks fail although no rule is missing */
export async function matchesOf(lab: Lab, checks: readonly Check[]): Promise<Matches> {
  for (let wait = 250; wait < PATIENT.open; wait *= 2) {
    const patience = { open: wait, closed: Math.min(wait, PATIENT.closed) };
    const matches = await matchesWithin(lab, checks, patience);
    if (matches === undefined) continue;
    const noticing = (rule: string): Check[] => matches.get(rule) ?? [];
    return { patience, noticing: (rules) => [...new Set([...rules].flatMap(noticing))] };
  }
  throw new Error(`not as it should be: ${(await lab.unexpected(checks, PATIENT)).join("\n")}`);
}

/** Checks that run at once and are not distinguished further. */
const TOGETHER = 16;

async function matchesWithin(
  lab: Lab,
  checks: readonly Check[],
  patience: Patience,
): Promise<Map<string, Check[]> | undefined> {
  const counting = new Map([...lab.rulesets].map(([host, ruleset]) => [host, withCounters(ruleset)]));
  const matches = new Map<string, Check[]>();
  await lab.load(counting);
  let before = await countedBy(lab);
  for (const some of slices(checks, TOGETHER)) {
    if ((await lab.failed(some, patience)).length > 0) return undefined;
    const after = await countedBy(lab);
    for (const [rule, packets] of after)
      if (packets > (before.get(rule) ?? 0)) matches.set(rule, [...(matches.get(rule) ?? []), ...some]);
    before = after;
  }
  return matches;
}

export const slices = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );

/** Adds a counter to a rule, behind all of its conditions. */
function withCounters(ruleset: string): string {
  const lines = ruleset.split("\n");
  for (const { index, name, text } of rulesOf(ruleset)) {
    const counted = text.replace(
      / (?=(counter name|limit rate|accept|drop|jump|goto|notrack)\b)/,
      " counter ",
    );
    if (counted === text) throw new Error(`no place for a counter: ${name}`);
    lines[index] = counted;
  }
  return lines.join("\n");
}

interface ListedRule {
  readonly chain: string;
  readonly expr: readonly { readonly counter?: { readonly packets: number } | string }[];
}

/** Rules of all hosts: how many packets have matched them since they were loaded. */
async function countedBy(lab: Lab): Promise<Map<string, number>> {
  const hosts = [...lab.rulesets.keys()].map((host) => countedOn(lab, host));
  return new Map((await Promise.all(hosts)).flat());
}

async function countedOn(lab: Lab, host: string): Promise<[rule: string, packets: number][]> {
  const { stdout } = await lab.in(host, ["nft", "-j", "list", "table", "inet", "k3s_host"]);
  const { nftables } = JSON.parse(stdout) as { nftables: { rule?: ListedRule }[] };
  const listed = nftables.flatMap(({ rule }) => rule ?? []);
  const rules = rulesOf(lab.rulesets.get(host) as string);
  const chainsOf = (all: readonly { readonly chain: string }[]): string =>
    all.map(({ chain }) => chain).join();
  if (chainsOf(listed) !== chainsOf(rules)) throw new Error(`${host}: its rules are listed in another order`);
  return rules.map(({ name }, index) => [ruleOf(host, name), packetsOf(listed[index] as ListedRule)]);
}

/** Counted by the rule itself, and not by a counter that has a name. */
const packetsOf = ({ expr }: ListedRule): number =>
  expr.reduce((sum, { counter }) => sum + (typeof counter === "object" ? counter.packets : 0), 0);
