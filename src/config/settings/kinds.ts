import * as z from "zod";
import { forbiddenCharacter } from "../../base/characters";

/** Documentation of a setting, in addition to what its schema checks. */
export interface SettingDoc {
  /** Completes "should be …". */
  readonly expected: string;
  readonly unit?: string;
  /** A value as `main.ts` may set it. */
  readonly example?: unknown;
}

type Extra = Partial<Pick<SettingDoc, "unit" | "example">>;

const DOCS = z.registry<SettingDoc>();

/** An integer within bounds. */
export const integer = (least: number, most: number, more: Extra = {}) =>
  z
    .int()
    .min(least)
    .max(most)
    .register(DOCS, {
      expected: `a whole number${more.unit === undefined ? "" : ` of ${more.unit}`} from ${least} to ${most}`,
      ...more,
    });

/** A number above 0, with or without a fraction. */
export const positive = (unit: string, example: number) =>
  z
    .number()
    .positive()
    .register(DOCS, { expected: `a number of ${unit} above 0`, unit, example });

export const boolean = () => z.boolean().register(DOCS, { expected: "true or false" });

export const choice = <const T extends readonly string[]>(...values: T) =>
  z.enum(values).register(DOCS, { expected: `one of ${values.join(", ")}` });

/** One of some words, or a group of settings. */
export const oneOf = <W extends z.ZodEnum, G extends z.ZodType<object, object>>(
  words: W,
  settings: G,
  expected: string,
  example: unknown,
) => {
  const either = z.union([words, settings]);
  DOCS.add(either, { expected, example });
  return either;
};

const TEXT = "a text in quotes";

/** One of some words, or an integer within bounds. */
export const wordOrNumber = <const T extends readonly string[]>(
  words: T,
  least: number,
  most: number,
  example: unknown,
) => {
  const either = z.union([choice(...words), integer(least, most)]);
  DOCS.add(either, {
    expected: `one of ${words.join(", ")}, or a whole number from ${least} to ${most}`,
    example,
  });
  return either;
};

/** One line of text. */
export const text = (example: string, expected = TEXT) =>
  z.string().superRefine(refuseCharacters(false)).register(DOCS, { expected, example });

/** Text for people, of one or several lines. */
export const multilineText = (example: string, { wish = TEXT, most = Infinity, whose = "" } = {}) => {
  const schema = z
    .string()
    .superRefine(refuseCharacters(true))
    .superRefine((value, context) => {
      const { length } = Array.from(value);
      if (length <= most) return;
      const message = `should be at most ${most} characters, which is ${whose}'s limit, got ${length}`;
      context.addIssue({ code: "custom", message });
    })
    .register(DOCS, { expected: wish, example });
  return most < Infinity ? schema.meta({ maxLength: most }) : schema;
};

/** One line of text that matches a pattern. */
export const matching = (pattern: RegExp, expected: string, example: string) =>
  z.string().superRefine(refuseCharacters(false)).regex(pattern).register(DOCS, { expected, example });

/**
 * One line of text that needs more than a pattern to check.
 *
 * @param objection - the problem with a text, as it follows the setting in a message; `undefined` if the text is valid
 */
export const checkedText = (
  objection: (text: string) => string | undefined,
  expected: string,
  example: string | undefined,
) =>
  z
    .string()
    .superRefine(refuseCharacters(false))
    .superRefine((value, context) => {
      const message = objection(value);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .register(DOCS, { expected, example });

/** @param expected - what the list should be, if it has bounds */
export const list = <T extends z.ZodType>(
  item: T,
  example: readonly unknown[],
  { least = 0, most = Infinity, expected = "a list" } = {},
) => {
  const array = z.array(item);
  const long = least > 0 ? array.min(least) : array;
  return (most < Infinity ? long.max(most) : long).register(DOCS, { expected, example }).readonly();
};

/** A map from arbitrary keys to texts. */
export const textMap = <T extends z.ZodType<string, string>>(
  item: T,
  example: Readonly<Record<string, string>>,
) => z.record(z.string(), item).register(DOCS, { expected: "a map of texts", example }).readonly();

const GROUP = "a group of settings";

/** At least one group of settings, each by the name of something in Proxmox VE. */
export const namedGroups = <T extends z.ZodType>(item: T, example: object) =>
  z
    .record(z.string(), item)
    .superRefine((groups, context) => {
      for (const name of Object.keys(groups))
        if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name))
          context.addIssue({
            code: "custom",
            message: `has ${JSON.stringify(name)}, which is no name in Proxmox VE`,
          });
      if (Object.keys(groups).length === 0)
        context.addIssue({ code: "custom", message: "should have at least one entry" });
    })
    .register(DOCS, { expected: "groups of settings by name", example })
    .readonly();

/** A group of settings; unknown ones are faults. */
export const group = <T extends z.core.$ZodLooseShape>(shape: T, example?: object) =>
  z.strictObject(shape).register(DOCS, { expected: GROUP, example });

/** The schema without its wrappers, such as optional, default and readonly. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const { innerType } = schema._zod.def as { readonly innerType?: z.core.$ZodType };
  return innerType === undefined ? schema : unwrapped(innerType);
}

/** The group of settings that the schema is, or that it takes beside words; `undefined` for any other schema. */
export function groupIn(schema: z.core.$ZodType): z.ZodObject | undefined {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodUnion) return inner.options.map(groupIn).find((each) => each !== undefined);
  return inner instanceof z.ZodObject ? inner : undefined;
}

/** Groups derived from others, such as by `extend`, are not registered. */
export const docOf = (schema: z.core.$ZodType): SettingDoc =>
  DOCS.get(unwrapped(schema)) ?? { expected: GROUP };

/** Marks the issue of a text that no emitted file can contain; validation drops such a value. */
export const CHARACTER = "character";

function refuseCharacters(several: boolean) {
  return (value: string, context: z.core.$RefinementCtx<string>): void => {
    const character = forbiddenCharacter(value, several);
    if (character === undefined) return;
    const message = `contains the character ${character}, which no setting may contain`;
    context.addIssue({ code: "custom", message, params: { reason: CHARACTER }, continue: false });
  };
}
