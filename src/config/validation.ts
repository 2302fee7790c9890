import * as z from "zod";
import { formatValue, describeActual, formatLiteral, type Faults } from "./fault";
import { CHARACTER, unwrapped, docOf, groupIn } from "./settings/kinds";
import { valueAt, formatPath, type Path } from "./setting-path";
import { suggestion } from "./suggestion";

/**
 * Checks settings, and drops unknown ones and values of the wrong type. A value that is only out of bounds is a fault, but
 * stays, so that no default hides it. Keys with `undefined` are dropped, so that they override nothing.
 *
 * `tsx` runs `main.ts` without checking types, so the input may be anything.
 */
export function validateSettings<T extends z.ZodObject>(
  settings: unknown,
  schema: T,
  faults: Faults,
): z.input<T> {
  const stated = settings ?? {};
  const { error } = schema.safeParse(stated);
  const invalid = new Set<string>();
  const reported = new Set<string>();
  for (const issue of (error?.issues ?? []).flatMap((each) => withinGroup(each, schema, stated))) {
    const path = issue.path.join("\n");
    for (const key of issue.code === "unrecognized_keys" ? issue.keys : []) {
      invalid.add([...issue.path, key].join("\n"));
      const known = namesIn(schemaAt(schema, issue.path));
      faults.add(formatPath([...issue.path, key], stated), `is not a setting${suggestion(key, known)}`);
    }
    if (issue.code === "unrecognized_keys") continue;
    if (hasWrongType(issue)) invalid.add(path);
    if (!reported.has(path)) reportIssue(issue, schema, stated, faults);
    reported.add(path);
  }
  return withoutInvalid(stated, invalid, []) as z.input<T>;
}

/** The issues within the group of settings, where a schema takes words or a group and the value is meant as a group. */
function withinGroup(issue: z.core.$ZodIssue, schema: z.ZodType, settings: unknown): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const value = valueAt(settings, issue.path);
  const place = schemaAt(schema, issue.path);
  const inner = place && groupIn(place);
  if (inner === undefined || typeof value !== "object" || value === null || Array.isArray(value))
    return [{ code: "invalid_value", values: [], path: issue.path, message: issue.message, input: value }];
  const { error } = inner.safeParse(value);
  return (error?.issues ?? []).map((each) => ({ ...each, path: [...issue.path, ...each.path] }));
}

/** Whether the value has the wrong type, instead of only being out of bounds. */
const hasWrongType = (issue: z.core.$ZodIssue): boolean =>
  issue.code === "invalid_type" ||
  issue.code === "invalid_value" ||
  (issue.code === "custom" && issue.params?.reason === CHARACTER);

/** The settings with their defaults, in the order of the schema. */
export function withDefaults<T extends z.ZodType>(schema: T, settings: z.input<T>): z.output<T> {
  return filled(schema, settings) as z.output<T>;
}

function filled(schema: z.core.$ZodType, stated: unknown): unknown {
  const value = stated === undefined && schema instanceof z.ZodDefault ? schema.def.defaultValue : stated;
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item) => filled(inner.element, item));
  }
  if (inner instanceof z.ZodRecord && typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, filled(inner.valueType, item)]),
    );
  const group = groupIn(inner);
  if (group === undefined || typeof value !== "object" || value === null) return value;
  const entries = Object.entries<z.core.$ZodType>(group.shape).map(
    ([key, kind]) => [key, filled(kind, (value as Record<string, unknown>)[key])] as const,
  );
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

/** Reports each of these settings that is missing. */
export function checkStated<K extends string>(
  settings: { readonly [key in K]?: unknown },
  schema: z.ZodObject,
  keys: readonly K[],
  faults: Faults,
): void {
  for (const key of keys) {
    if (settings[key] !== undefined) continue;
    faults.addInvalid(key, docOf(schema.shape[key] as z.core.$ZodType).expected, undefined);
  }
}

function reportIssue(issue: z.core.$ZodIssue, schema: z.ZodType, settings: unknown, faults: Faults): void {
  const setting = formatPath(issue.path, settings);
  if (issue.code === "custom") return faults.add(setting, issue.message);
  const kind = schemaAt(schema, issue.path);
  if (kind === undefined) return faults.add(setting, issue.message);
  const { expected } = docOf(kind);
  const value = valueAt(settings, issue.path);
  if (value === undefined) return faults.addInvalid(setting, expectedIfMissing(kind), value);
  if (issue.code === "too_big" && Array.isArray(value))
    return faults.addInvalid(setting, `at most ${String(issue.maximum)}`, value.length);
  if (issue.code === "invalid_type") {
    const wish = expectedType(kind);
    if (isHarmless(value))
      faults.add(setting, `should be ${wish}${describeActual(value)}${asNumber(kind, value)}`);
    else faults.add(setting, `should be ${wish}, got ${kindOf(value)}`);
    return;
  }
  // Repeat a value only if it is short enough to be a misspelling of one of the allowed words.
  if (issue.code === "invalid_value" && formatValue(value).length > 34)
    faults.add(setting, `should be ${expected}`);
  else faults.addInvalid(setting, expected, value);
}

/** Whether a value of the wrong type may be repeated. A text may be a secret, unless it plainly is not one. */
const isHarmless = (value: unknown): boolean =>
  typeof value === "string"
    ? /^(true|false|yes|no|on|off)$/.test(value) || QUANTITY.test(value)
    : value === null || typeof value !== "object";

/** What is not repeated, in words. */
const kindOf = (value: unknown): string =>
  Array.isArray(value) ? "a list" : typeof value === "string" ? "a text" : "a group of settings";

/** `8G`, `512 MiB` or `16384`: as other programs take it. */
const QUANTITY = /^(\d{1,9}) ?(?:([KMGT])i?B?)?$/i;

/** As the setting wants it: `; write 8192` for `8G` of a number of MiB. */
function asNumber(schema: z.core.$ZodType, value: unknown): string {
  const [, digits, prefix] = (typeof value === "string" ? QUANTITY.exec(value) : undefined) ?? [];
  const unit = docOf(schema).unit ?? "";
  if (digits === undefined || !(unwrapped(schema) instanceof z.ZodNumber)) return "";
  const powers = "KMGT";
  const steps =
    prefix === undefined ? 0 : powers.indexOf(prefix.toUpperCase()) - powers.indexOf(unit[0] ?? "");
  const inUnit = /^[MG]iB$/.test(unit) || prefix === undefined ? Number(digits) * 1024 ** steps : NaN;
  return Number.isSafeInteger(inUnit) ? `; write ${inUnit}` : "";
}

/** What a value should have been, with an example for lists and groups. */
function expectedType(schema: z.core.$ZodType): string {
  const { expected, example } = docOf(schema);
  const inner = unwrapped(schema);
  const such = example === undefined ? "" : ` such as ${formatLiteral(example)}`;
  if (inner instanceof z.ZodString) return "a text in quotes";
  if (inner instanceof z.ZodArray) return `a list${such}`;
  return inner instanceof z.ZodObject || inner instanceof z.ZodRecord ? `${expected}${such}` : expected;
}

/** What to set for a missing value. */
const expectedIfMissing = (schema: z.core.$ZodType): string =>
  unwrapped(schema) instanceof z.ZodString ? docOf(schema).expected : expectedType(schema);

const namesIn = (schema: z.core.$ZodType | undefined): string[] =>
  Object.keys((schema && groupIn(schema))?.shape ?? {});

function schemaAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType | undefined {
  const [key, ...rest] = path;
  const inner = unwrapped(schema);
  if (key === undefined) return inner;
  const group = groupIn(inner);
  const next =
    group !== undefined
      ? (group.shape[String(key)] as z.core.$ZodType | undefined)
      : inner instanceof z.ZodArray
        ? inner.element
        : inner instanceof z.ZodRecord
          ? inner.valueType
          : undefined;
  return next && schemaAt(next, rest);
}

function withoutInvalid(value: unknown, invalid: ReadonlySet<string>, path: Path): unknown {
  if (invalid.has(path.join("\n")) && path.length > 0) return undefined;
  if (Array.isArray(value)) {
    return value
      .map((item, index) => withoutInvalid(item, invalid, [...path, index]))
      .filter((item) => item !== undefined);
  }
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).map(
    ([key, item]) => [key, withoutInvalid(item, invalid, [...path, key])] as const,
  );
  return Object.fromEntries(kept.filter(([, item]) => item !== undefined));
}
