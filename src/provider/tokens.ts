import { DefaultTokenResolver, StringConcat, Token, Tokenization, type TerraformStack } from "cdktf";
import { formatValue, type Fault } from "../config/fault";
import { valueAt, formatPath, type Path } from "../config/setting-path";

/** Settings that only reach the VM, and so may hold what OpenTofu knows at plan or apply. */
const REFERABLE = new Set([
  "pveNode",
  "templatePveNode",
  "cloneDatastore",
  "datastore",
  "bridge",
  "pool",
  "description",
]);

/**
 * Faults of settings that hold a CDKTF token although they are needed while files are written: a token that
 * reached a template would leave `${TfToken[...]}` in a host's configuration.
 */
export function tokenFaults(
  settings: object,
  nodes: readonly string[],
  stack: TerraformStack,
  path: Path = [],
): Fault[] {
  return Object.entries(valueAt(settings, path) as object).flatMap(([name, value]) => {
    const key = Array.isArray(valueAt(settings, path)) ? Number(name) : name;
    const setting = formatPath([...path, key], settings);
    if (Token.isUnresolved(value)) {
      if (!isOfThisApp(value)) {
        return [
          {
            nodes,
            setting,
            sentence: `holds what looks like a CDKTF token and is none of this app: ${formatValue(value)}`,
          },
        ];
      }
      if (REFERABLE.has(name) && typeof value === "string") return [];
      const sentence = `should be known at synth, got ${String(withReferences(value, stack))}, which OpenTofu knows only later`;
      return [{ nodes, setting, sentence }];
    }
    if (typeof value !== "object" || value === null) return [];
    return tokenFaults(settings, nodes, stack, [...path, key]);
  });
}

/** Whether all of its tokens are known. Anybody can write `${TfToken[…]}`. */
function isOfThisApp(value: unknown): boolean {
  try {
    if (typeof value === "string") Tokenization.reverseString(value);
    return true;
  } catch {
    return false; // CDKTF has no other way to say no
  }
}

/**
 * The value with every text in it as OpenTofu has to be told: `${` and `%{` of a person are text, and only a token is a
 * reference. Source: OpenTofu, "Strings and Templates", escape sequences.
 */
export function literals<T>(value: T): T {
  if (typeof value === "string") return literal(value) as T;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => literals<unknown>(item)) as T;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, literals<unknown>(item)])) as T;
}

function literal(text: string): string {
  if (!/[$%]\{/.test(text)) return text;
  const pieces = text.split(/(\$\{TfToken\[[^\]]*\]\})/);
  return pieces
    .map((piece, index) => {
      if (index % 2 === 1) return piece;
      const escaped = piece.replace(/[$%](?=\{)/g, "$&$&");
      // A `$` right before a reference would escape it.
      return index + 1 < pieces.length ? escaped.replace(/\$$/, '${"$"}') : escaped;
    })
    .join("");
}

/** The value with `var.proxmox_node` in place of the token that stands for it. */
export function withReferences<T>(value: T, stack: TerraformStack): T {
  if (Token.isUnresolved(value)) {
    return isOfThisApp(value) ? (reference(resolved(value, stack)) as T) : value;
  }
  if (Array.isArray(value)) return value.map((item) => withReferences<unknown>(item, stack)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withReferences<unknown>(item, stack)]),
  ) as T;
}

/** Names of the OpenTofu variables that the tokens of a value refer to, each once. A person's `${var.x}` is text. */
export function variablesIn(value: unknown, stack: TerraformStack): string[] {
  if (typeof value === "object" && value !== null)
    return [...new Set(Object.values(value).flatMap((item) => variablesIn(item, stack)))];
  if (typeof value !== "string" || !Token.isUnresolved(value) || !isOfThisApp(value)) return [];
  const references = Tokenization.reverseString(value).tokens.map((token) => resolved(token, stack));
  const names = [...JSON.stringify(references).matchAll(/\bvar\.([\w-]+)/g)].map(
    ([, name]) => name as string,
  );
  return [...new Set(names)];
}

const RESOLVER = new DefaultTokenResolver(new StringConcat());

/** A token as it will stand in OpenTofu's JSON. */
const resolved = (value: unknown, scope: TerraformStack): unknown =>
  Tokenization.resolve(value, { scope, preparing: false, resolver: RESOLVER });

/** `${var.proxmox_node}` → `var.proxmox_node`; a reference amid other text stays as OpenTofu writes it. */
const reference = (resolved: unknown): unknown =>
  typeof resolved === "string"
    ? (/^\$\{([^{}]*)\}$/.exec(resolved)?.[1] ?? resolved)
    : JSON.stringify(resolved);
