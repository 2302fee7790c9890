/** A ruleset with one thing less. */
export interface Mutant {
  /** What it lacks. */
  readonly without: string;
  readonly ruleset: string;
}

/** Without each rule, with each named set emptied, and without each element of the sets that rules have in them. */
export function mutantsOf(ruleset: string): Mutant[] {
  const lines = ruleset.split("\n");
  const withLine = (index: number, line: string): string => lines.with(index, line).join("\n");
  return [
    ...emptied(ruleset),
    ...rules(lines).flatMap(([index, chain]) => {
      const rule = lines[index] as string;
      const name = `${chain}: ${rule.trim()}`;
      return [
        { without: name, ruleset: withLine(index, "") },
        ...shorter(rule).map(([element, less]) => ({
          without: `${name}, without ${element}`,
          ruleset: withLine(index, less),
        })),
      ];
    }),
  ];
}

/** Indices of the lines that are rules, with the names of their chains. */
function rules(lines: readonly string[]): [index: number, chain: string][] {
  let chain: string | undefined;
  return lines.flatMap((line, index): [number, string][] => {
    chain = /^ {2}chain (\w+) \{/.exec(line)?.[1] ?? (line === "  }" ? undefined : chain);
    const isRule = /^ {4}(?!type filter hook)[^\s#]/.test(line);
    return chain !== undefined && isRule ? [[index, chain]] : [];
  });
}

const emptied = (ruleset: string): Mutant[] =>
  [...ruleset.matchAll(/ {2}set (\w+) \{[^]*?\n {2}\}\n/g)].map(([set, name]) => ({
    without: `elements of ${name}`,
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
