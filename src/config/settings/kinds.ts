import * as z from "zod";
import { forbiddenCharacter } from "../../base/characters";

/** What people are told of a setting, beside what its schema checks. */
export interface Words {
  /** Completes "should be …". */
  readonly wish: string;
  readonly unit?: string;
  /** As `main.ts` may state it. */
  readonly example?: unknown;
}

type More = Partial<Pick<Words, "unit" | "example">>;

const WORDS = z.registry<Words>();

/** A whole number with its bounds. */
export const whole = (least: number, most: number, more: More = {}) =>
  z
    .int()
    .min(least)
    .max(most)
    .register(WORDS, {
      wish: `a whole number${more.unit === undefined ? "" : ` of ${more.unit}`} from ${least} to ${most}`,
      ...more,
    });

/** A number above 0, which need not be whole. */
export const positive = (unit: string, example: number) =>
  z
    .number()
    .positive()
    .register(WORDS, { wish: `a number of ${unit} above 0`, unit, example });

export const yesOrNo = () => z.boolean().register(WORDS, { wish: "true or false" });

export const choice = <const T extends readonly string[]>(...values: T) =>
  z.enum(values).register(WORDS, { wish: `one of ${values.join(", ")}` });

const TEXT = "a text in quotes";

/** Any text of one line. */
export const text = (example: string, wish = TEXT) =>
  z.string().superRefine(refuseCharacters(false)).register(WORDS, { wish, example });

/** Text that people read, and that may go on for several lines. */
export const lines = (example: string, { wish = TEXT, most = Infinity, whose = "" } = {}) => {
  const schema = z
    .string()
    .superRefine(refuseCharacters(true))
    .superRefine((value, context) => {
      const { length } = Array.from(value);
      if (length <= most) return;
      const message = `should be at most ${most} characters, which is ${whose}'s limit, got ${length}`;
      context.addIssue({ code: "custom", message });
    })
    .register(WORDS, { wish, example });
  return most < Infinity ? schema.meta({ maxLength: most }) : schema;
};

/** A text of one line that keeps to a pattern. */
export const matching = (pattern: RegExp, wish: string, example: string) =>
  z.string().superRefine(refuseCharacters(false)).regex(pattern).register(WORDS, { wish, example });

/**
 * A text that takes more than a pattern to judge.
 *
 * @param objection - says what is wrong with it, after setting and node; `undefined` for nothing
 */
export const judged = (
  objection: (text: string) => string | undefined,
  wish: string,
  example: string | undefined,
) =>
  z
    .string()
    .superRefine(refuseCharacters(false))
    .superRefine((value, context) => {
      const message = objection(value);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .register(WORDS, { wish, example });

/** @param wish - what else a list has to be, such as not empty */
export const list = <T extends z.ZodType>(
  item: T,
  example: readonly unknown[],
  { least = 0, most = Infinity, wish = "a list" } = {},
) => {
  const array = z.array(item);
  const long = least > 0 ? array.min(least) : array;
  return (most < Infinity ? long.max(most) : long).register(WORDS, { wish, example }).readonly();
};

/** Texts by names that are not known beforehand. */
export const texts = <T extends z.ZodType<string, string>>(
  item: T,
  example: Readonly<Record<string, string>>,
) => z.record(z.string(), item).register(WORDS, { wish: "texts by their names", example }).readonly();

const GROUP = "a group of settings";

/** A group of settings, of which no other is known. */
export const group = <T extends z.core.$ZodLooseShape>(shape: T, example?: object) =>
  z.strictObject(shape).register(WORDS, { wish: GROUP, example });

/** The schema without what says whether and how its value may be left out. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const { innerType } = schema._zod.def as { readonly innerType?: z.core.$ZodType };
  return innerType === undefined ? schema : unwrapped(innerType);
}

/** Groups that were derived from others, as by `extend`, have no words of their own. */
export const wordsOf = (schema: z.core.$ZodType): Words => WORDS.get(unwrapped(schema)) ?? { wish: GROUP };

/** The issue of a text that no emitted file can hold; such a value is not kept. */
export const CHARACTER = "character";

function refuseCharacters(several: boolean) {
  return (value: string, context: z.core.$RefinementCtx<string>): void => {
    const character = forbiddenCharacter(value, several);
    if (character === undefined) return;
    const message = `has the character ${character}, which no setting can have`;
    context.addIssue({ code: "custom", message, params: { reason: CHARACTER }, continue: false });
  };
}
