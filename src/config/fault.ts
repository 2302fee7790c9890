import { looksSecret } from "./secrets";

/** One thing that is wrong with the settings in `main.ts`. */
export interface Fault {
  /** Names of the affected nodes; empty for a setting of the cluster. */
  readonly nodes: readonly string[];
  /** The setting as `main.ts` writes it, such as `vmId` or `network.podCidr`. */
  readonly setting: string;
  /** The problem and the value: completes a sentence that starts with the setting and the nodes. */
  readonly sentence?: string;
  /** The whole message, where that form would read badly. */
  readonly message?: string;
  /** Other settings by which it was judged. Where one of them is wrong, this one follows from it, and is not said. */
  readonly judgedBy?: readonly string[];
}

const quoted = (name: string): string => `'${name}'`;

/** `'a'`, `'a' and 'b'`, `'a', 'b' and 'c'`. At most 20 names, since one fault may affect every node of a large cluster. */
export function quoteAll(names: readonly string[]): string {
  const all = names.slice(0, 20).map(quoted);
  if (names.length > all.length) all.push(`${names.length - all.length} more`);
  const last = all.pop() ?? "";
  return all.length === 0 ? last : `${all.join(", ")} and ${last}`;
}

/** A value for a message: strings in quotes, `undefined` as "nothing", long values truncated. */
export function formatValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Number.isNaN(value)) return "NaN, which is not a number";
  if (typeof value === "function") return "a function";
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "symbol")
    return String(value);
  const text = typeof value === "string" ? quoted(value) : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** Completes "should be …" with the actual value. A text that may be a secret is not repeated. */
export const describeActual = (value: unknown): string =>
  typeof value === "string" && looksSecret(value)
    ? "; the value is not shown, since it may be a secret"
    : `, got ${formatValue(value)}`;

/** A value as a TypeScript literal: `{ from: 9100, to: 9100 }`. */
export function formatLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatLiteral).join(", ")}]`;
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-conversion -- a function has no JSON
  if (typeof value !== "object" || value === null) return String(JSON.stringify(value));
  const entries = Object.entries(value).map(([key, item]) => `${key}: ${formatLiteral(item)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** The settings that are wrong first, and of the others those that do not follow from them. */
export const withNews = (first: readonly Fault[], further: readonly Fault[]): Fault[] => [
  ...first,
  ...further.filter((fault) => !first.some((known) => explains(known, fault))),
];

/** A cluster's setting has no nodes, and any of them may be judged by it. */
function explains(known: Fault, fault: Fault): boolean {
  const shared = known.nodes.some((node) => fault.nodes.includes(node));
  const alike = shared || (known.nodes.length === 0 && fault.nodes.length === 0);
  if (alike && isPartOf(fault.setting, known.setting)) return true;
  const causes = shared || known.nodes.length === 0 ? (fault.judgedBy ?? []) : [];
  return causes.some((cause) => isPartOf(cause, known.setting) || isPartOf(known.setting, cause));
}

/** `vm.disks[0]` is a part of `vm.disks` and of `vm`; all are parts of the settings as a whole, which have no name. */
const isPartOf = (setting: string, whole: string): boolean =>
  whole === "" || setting === whole || setting.startsWith(`${whole}.`) || setting.startsWith(`${whole}[`);

/** Messages in the order of the faults. Nodes that share a fault share its message. */
export function describeFaults(faults: readonly Fault[]): string[] {
  const shared = new Map<string, { fault: Fault; nodes: string[] }>();
  for (const fault of faults) {
    const key = [fault.setting, fault.message ?? fault.sentence, fault.nodes.length].join("\n");
    const known = shared.get(key);
    if (known) known.nodes.push(...fault.nodes);
    else shared.set(key, { fault, nodes: [...fault.nodes] });
  }
  return [...shared.values()].map(({ fault, nodes }) => {
    if (fault.message !== undefined) return fault.message;
    const owner = nodes.length === 0 ? "" : ` of ${quoteAll([...new Set(nodes)])}`;
    return `'${fault.setting || "settings"}'${owner} ${fault.sentence}`;
  });
}

/** Collects the faults of one node, or of the cluster's own settings. */
export class Faults {
  public readonly all: Fault[] = [];

  /**
   * @param nodes - names of the affected nodes; none for the cluster's own settings
   * @param prefix - prepended to every setting, such as `network.`
   */
  constructor(
    private readonly nodes: readonly string[] = [],
    private readonly prefix = "",
  ) {}

  /** Reports what the setting should be, and its actual value. */
  public addInvalid(setting: string, expected: string, value: unknown): void {
    this.add(setting, `should be ${expected}${describeActual(value)}`);
  }

  /** Reports a fault without repeating the value, for example because it may be a secret. */
  public add(setting: string, sentence: string, judgedBy: readonly string[] = []): void {
    this.all.push({ nodes: this.nodes, setting: `${this.prefix}${setting}`, sentence, judgedBy });
  }
}
