import { DefaultTokenResolver, StringConcat, Token, Tokenization, type TerraformStack } from "cdktf";
import { formatValue, type Fault } from "../config/fault";
import { valueAt, formatPath, type Path } from "../config/setting-path";

/** Settings that only the VM uses, and that may therefore be CDKTF tokens. */
const MAY_HAVE_TOKENS = new Set([
  "pveNode",
  "templatePveNode",
  "cloneDatastore",
  "datastore",
  "bridge",
  "pool",
  "description",
]);

/**
 * Faults of settings that contain a CDKTF token although synth needs their values: a token that reached a template
 * would leave `${TfToken[...]}` in a host's configuration.
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
            sentence: `contains a CDKTF token that does not belong to this app: ${formatValue(value)}`,
          },
        ];
      }
      if (MAY_HAVE_TOKENS.has(name) && typeof value === "string") return [];
      const sentence = `should be known at synth, got ${String(withReferences(value, stack))}, which only OpenTofu knows; use a literal value`;
      return [{ nodes, setting, sentence }];
    }
    if (typeof value !== "object" || value === null) return [];
    return tokenFaults(settings, nodes, stack, [...path, key]);
  });
}

/** Whether the app created all tokens in the value. A text may contain a made-up `${TfToken[…]}`. */
function isOfThisApp(value: unknown): boolean {
  try {
    if (typeof value === "string") Tokenization.reverseString(value);
    return true;
  } catch {
    return false; // CDKTF reports an unknown token only by throwing
  }
}

/**
 * Escapes every text in the value for OpenTofu: `${` and `%{` in settings are literal, only tokens are references.
 * Source: OpenTofu, "Strings and Templates", escape sequences.
 */
export function escapeForOpenTofu<T>(value: T): T {
  if (typeof value === "string") return escapeText(value) as T;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => escapeForOpenTofu<unknown>(item)) as T;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, escapeForOpenTofu<unknown>(item)]),
  ) as T;
}

function escapeText(text: string): string {
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

/** Replaces tokens in the value with OpenTofu's references, such as `var.proxmox_node`. */
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

/** Names of the OpenTofu variables to which tokens in the value refer, each once. A literal `${var.x}` is only text. */
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

/** A token as it appears in OpenTofu's JSON. */
const resolved = (value: unknown, scope: TerraformStack): unknown =>
  Tokenization.resolve(value, { scope, preparing: false, resolver: RESOLVER });

/** `${var.proxmox_node}` → `var.proxmox_node`; a reference within other text stays as OpenTofu writes it. */
const reference = (resolved: unknown): unknown =>
  typeof resolved === "string"
    ? (/^\$\{([^{}]*)\}$/.exec(resolved)?.[1] ?? resolved)
    : JSON.stringify(resolved);
