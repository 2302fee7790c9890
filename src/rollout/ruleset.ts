import type { Report } from "./script";

interface Listing {
  readonly nftables: readonly Readonly<Record<string, Readonly<Record<string, unknown>>>>[];
}

/** Dropped or logged packets, by the name of the counter. */
export type Counters = Readonly<Record<string, number>>;

/** Result of comparing a host's ruleset with the emitted one. */
export interface RulesetState {
  /** Empty when they are the same. */
  readonly differences: readonly string[];
  readonly counters: Counters;
}

/** Compares the two rulesets that `remote/inspect.sh` reported, both listed by the host's own nft. */
export function rulesetState(report: Report): RulesetState {
  if (report.one("emitted") === "") return { differences: ["nft is not installed"], counters: {} };
  if (report.one("live") === "") return { differences: ["table inet k3s_host is not loaded"], counters: {} };
  const live = objects(report.text("live"));
  const emitted = objects(report.text("emitted"));
  if (live === undefined || emitted === undefined) {
    return {
      differences: [
        `nft cannot list it: ${report.text(live === undefined ? "live" : "emitted").slice(0, 300)}`,
      ],
      counters: {},
    };
  }
  return { differences: differences(live, emitted), counters: counters(report.text("counters")) };
}

/** Each object as JSON, without the fields that change while the ruleset is loaded. */
function objects(json: string): string[] | undefined {
  try {
    const { nftables } = JSON.parse(json) as Listing;
    return nftables
      .filter((entry) => !("metainfo" in entry))
      .map((entry) => JSON.stringify(entry, withoutState));
  } catch {
    return undefined;
  }
}

const withoutState = (key: string, value: unknown): unknown =>
  ["handle", "packets", "bytes", "index"].includes(key) ? undefined : value;

/** Added and missing objects, with multiplicity; if there are none, a difference in order. */
function differences(live: readonly string[], emitted: readonly string[]): string[] {
  const more = without(live, emitted).map((entry) => `added: ${shown(entry)}`);
  const less = without(emitted, live).map((entry) => `missing: ${shown(entry)}`);
  if (more.length + less.length > 0) return [...less, ...more];
  return rules(live).join() === rules(emitted).join() ? [] : ["its rules are in another order"];
}

const rules = (entries: readonly string[]): string[] =>
  entries.filter((entry) => entry.startsWith('{"rule"'));

function without(entries: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const entry of others) left.set(entry, (left.get(entry) ?? 0) + 1);
  return entries.filter((entry) => {
    const count = left.get(entry) ?? 0;
    left.set(entry, count - 1);
    return count <= 0;
  });
}

interface Listed {
  readonly chain?: string;
  readonly name?: string;
  readonly expr?: unknown;
  readonly elem?: unknown;
}

/** Kind, chain or name, and the beginning of the content. */
function shown(entry: string): string {
  const [kind, object] = Object.entries(JSON.parse(entry) as Record<string, Listed>)[0] ?? ["", {}];
  const { chain, name, expr, elem } = object;
  const content = JSON.stringify(expr ?? elem ?? "");
  return `${kind} ${chain ?? name ?? ""} ${content.length > 160 ? `${content.slice(0, 157)}...` : content}`;
}

function counters(json: string): Counters {
  try {
    const found = (JSON.parse(json || '{"nftables":[]}') as Listing).nftables.flatMap((entry) =>
      entry.counter === undefined
        ? []
        : [[String(entry.counter.name), Number(entry.counter.packets)] as const],
    );
    return Object.fromEntries(found);
  } catch {
    return {};
  }
}
