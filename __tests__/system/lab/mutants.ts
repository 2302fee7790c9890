/** A ruleset from which one thing was removed. */
export interface Mutant {
  /** What was removed. */
  readonly without: string;
  /** Rules that were removed or shortened. Packets that match none of them are not affected. */
  readonly rules: readonly string[];
  readonly ruleset: string;
}

/**
 * Without each rule, with each named set emptied, and without each element of the sets that rules have in them. Rules for further
 * interfaces also without each of their conditions.
 */
export function mutantsOf(ruleset: string): Mutant[] {
  const lines = ruleset.split("\n");
  const withLine = (index: number, line: string): string => lines.with(index, line).join("\n");
  return [
    ...emptied(ruleset),
    ...rulesOf(ruleset).flatMap(({ name, chain, index, text }) => [
      { without: name, rules: [name], ruleset: withLine(index, "") },
      ...[...shorter(text), ...weaker(chain, text)].map(([element, less]) => ({
        without: `${name}, without ${element}`,
        rules: [name],
        ruleset: withLine(index, less),
      })),
    ]),
  ];
}

export interface Rule {
  /** Its chain and its text. */
  readonly name: string;
  readonly chain: string;
  /** Number of its line. */
  readonly index: number;
  readonly text: string;
}

/** Rules of all chains, in order. */
export function rulesOf(ruleset: string): Rule[] {
  let chain: string | undefined;
  return ruleset.split("\n").flatMap((text, index): Rule[] => {
    chain = /^ {2}chain (\S+) \{/.exec(text)?.[1] ?? (text === "  }" ? undefined : chain);
    const isRule = /^ {4}(?!type filter hook)[^\s#]/.test(text);
    return chain !== undefined && isRule ? [{ name: `${chain}: ${text.trim()}`, chain, index, text }] : [];
  });
}

const emptied = (ruleset: string): Mutant[] =>
  [...ruleset.matchAll(/ {2}set (\S+) \{[^]*?\n {2}\}\n/g)].map(([set, name]) => ({
    without: `elements of ${name}`,
    rules: rulesOf(ruleset)
      .filter(({ text }) => text.includes(`@${name} `))
      .map((rule) => rule.name),
    ruleset: ruleset.replace(set, set.replace(/ {4}elements = \{[^}]*\}\n/, "")),
  }));

/** The rule without each element of its anonymous set, by that element. */
function shorter(rule: string): [element: string, less: string][] {
  const set = /\{ ([^}]*) \}/.exec(rule);
  if (set === null) return [];
  const elements = (set[1] as string).split(", ");
  return elements.map((element) => {
    const others = elements.filter((other) => other !== element).join(", ");
    return [element, rule.replace(set[0], `{ ${others} }`)];
  });
}

/** The rule without each of its conditions, so that it accepts more, by that condition. Only for what comes over further interfaces. */
function weaker(chain: string, rule: string): [condition: string, less: string][] {
  const further = /^over_|^neighbours$/.test(chain) || rule.includes(" goto ");
  if (!further || !/ (accept|goto)\b/.test(rule)) return [];
  return [...rule.matchAll(CONDITION)].map(([condition]) => [condition.trim(), rule.replace(condition, "")]);
}

const CONDITION =
  /(?:iifname|ct status|ip6? saddr(?: \. ether saddr)?|ct original proto-dst|icmpv6 type|ip6 hoplimit) (?:\{[^}]*\}|\S+) /g;
