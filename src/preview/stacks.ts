import type { Emitted, Stack } from "./emitted";

/** Attributes of a VM, by their names in the provider's schema. */
export type Attributes = Readonly<Record<string, unknown>>;

const VM = "proxmox_virtual_environment_vm";

/** All stacks of an app, merged. If there are several, addresses have the stack's name as a prefix. */
export interface Resources {
  /** Attributes by address. */
  readonly vms: ReadonlyMap<string, Attributes>;
  /** Everything else in OpenTofu's JSON, as text by address or name. */
  readonly others: ReadonlyMap<string, string>;
  /** Configurations of the backends. */
  readonly backends: string;
  /** Former address by new address. */
  readonly moved: ReadonlyMap<string, string>;
}

export function resourcesOf({ stacks }: Emitted): Resources {
  const prefixOf = ({ name }: Stack): string => (stacks.length > 1 ? `${name}: ` : "");
  const vms = new Map<string, Attributes>();
  const others = new Map<string, string>();
  const moved = new Map<string, string>();
  for (const stack of stacks) {
    const prefix = prefixOf(stack);
    for (const { section, name, value } of entriesOf(stack)) {
      if (section === `resource.${VM}`) vms.set(`${prefix}${VM}.${name}`, value as Attributes);
      else others.set(`${prefix}${section}.${name}`.replace("resource.", ""), text(value));
    }
    for (const { from, to } of (stack.json.moved ?? []) as { from: string; to: string }[]) {
      moved.set(`${prefix}${to}`, `${prefix}${from}`);
    }
  }
  const backends = stacks
    .map(({ json }) => text((json.terraform as { backend?: unknown } | undefined)?.backend))
    .join();
  return { vms, others, backends, moved };
}

/** Sections with two levels: type, then name. */
const NESTED = new Set(["resource", "data"]);
/** Sections that are handled elsewhere, or that are comments. */
const ELSEWHERE = new Set(["//", "moved"]);

function entriesOf({ json }: Stack): { section: string; name: string; value: unknown }[] {
  return Object.entries(json).flatMap(([section, content]) => {
    if (ELSEWHERE.has(section)) return [];
    const kinds: [string, unknown][] = NESTED.has(section)
      ? Object.entries(content as object).map(([kind, names]) => [`${section}.${kind}`, names])
      : [[section, content]];
    return kinds.flatMap(([kind, names]) =>
      Object.entries(names as Attributes)
        .filter(([name]) => !(kind === "terraform" && name === "backend"))
        .map(([name, value]) => ({ section: kind, name, value })),
    );
  });
}

/** As JSON, without CDKTF's metadata. */
const text = (value: unknown): string =>
  value === undefined ? "" : JSON.stringify(value, (key, item: unknown) => (key === "//" ? undefined : item));
