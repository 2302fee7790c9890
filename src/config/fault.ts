import { looksSecret } from "./secrets";

/** A reason why the cluster cannot be what `main.ts` says. */
export interface Fault {
  /** Names of the nodes it concerns; empty for a setting of the cluster. */
  readonly nodes: readonly string[];
  /** Setting as it is written in `main.ts`, such as `vmId` or `network.podCidr`. */
  readonly setting: string;
  /** What is wrong with it, with the value: the rest of the sentence that starts with setting and nodes. */
  readonly sentence?: string;
  /** The whole message, where the common form would read badly. */
  readonly message?: string;
  /** Other settings by which it was judged. Where one of them is wrong, this one follows from it, and is not said. */
  readonly judgedBy?: readonly string[];
}

const quoted = (name: string): string => `'${name}'`;

/** `'a'`, `'a' and 'b'`, `'a', 'b' and 'c'`; a mistake in what a large cluster shares names twenty of its nodes. */
export function listed(names: readonly string[]): string {
  const all = names.slice(0, 20).map(quoted);
  if (names.length > all.length) all.push(`${names.length - all.length} more`);
  const last = all.pop() ?? "";
  return all.length === 0 ? last : `${all.join(", ")} and ${last}`;
}

/** A value as a person typed it: strings in quotes, missing ones in words, long ones cut. */
export function formatValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Number.isNaN(value)) return "NaN, which is not a number";
  if (typeof value === "function") return "a function";
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "symbol")
    return String(value);
  const text = typeof value === "string" ? quoted(value) : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** The end of a sentence on what a setting should be. A text that may be a secret is not repeated. */
export const got = (value: unknown): string =>
  typeof value === "string" && looksSecret(value)
    ? "; what was given is not repeated, since it may be a secret"
    : `, got ${formatValue(value)}`;

/** A value as `main.ts` may state it: `{ from: 9100, to: 9100 }`. */
export function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-conversion -- a function has no JSON
  if (typeof value !== "object" || value === null) return String(JSON.stringify(value));
  const entries = Object.entries(value).map(([key, item]) => `${key}: ${literal(item)}`);
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

/** Messages for a person, in the order of the faults; nodes that share a fault share its message. */
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
    const owner = nodes.length === 0 ? "" : ` of ${listed([...new Set(nodes)])}`;
    return `'${fault.setting || "settings"}'${owner} ${fault.sentence}`;
  });
}

/** Collects the faults of one node, or of the cluster's own settings. */
export class Faults {
  public readonly all: Fault[] = [];

  /**
   * @param nodes - names of the nodes; none for the cluster's own settings
   * @param prefix - of every setting, such as `network.`
   */
  constructor(
    private readonly nodes: readonly string[] = [],
    private readonly prefix = "",
  ) {}

  /** The setting should be something else than the value. */
  public addInvalid(setting: string, wish: string, value: unknown): void {
    this.add(setting, `should be ${wish}${got(value)}`);
  }

  /** As `wrong`, in words of its own: also for values that may be a secret and must not be repeated. */
  public add(setting: string, sentence: string, judgedBy: readonly string[] = []): void {
    this.all.push({ nodes: this.nodes, setting: `${this.prefix}${setting}`, sentence, judgedBy });
  }

  public unlessWhole(setting: string, value: unknown, least: number, most: number, unit = ""): void {
    if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
    this.addInvalid(setting, `a whole number${unit && ` of ${unit}`} from ${least} to ${most}`, value);
  }

  public unlessMatches(setting: string, value: unknown, pattern: RegExp, wish: string): void {
    if (typeof value === "string" && pattern.test(value)) return;
    this.addInvalid(setting, wish, value);
  }
}
