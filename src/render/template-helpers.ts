import type Handlebars from "handlebars";
import { npmRun, type CommandWords } from "../base/command-line";
import { comment, nixString } from "../base/escape";

const BLOCKS = ["if", "unless", "each", "with"] as const;

/** Registers the templates' helpers with an instance of Handlebars or of its runtime. */
export function registerHelpers<T extends Pick<typeof Handlebars, "helpers" | "registerHelper">>(
  handlebars: T,
): T {
  handlebars.registerHelper("value", (value: unknown, name: string) => required(value, name));
  handlebars.registerHelper("nix", (text: unknown) => nixString(String(required(text))));
  handlebars.registerHelper("json", (value: unknown) => JSON.stringify(required(value)));
  handlebars.registerHelper("comment", (text: unknown) => comment(String(required(text))));
  handlebars.registerHelper("npmRun", (...words: readonly unknown[]) =>
    // Handlebars adds its options.
    npmRun(
      words
        .slice(0, -1)
        .map((word) => required(word))
        .join("") as CommandWords,
    ),
  );
  for (const block of BLOCKS) {
    const original = handlebars.helpers[block] as Handlebars.HelperDelegate;
    handlebars.registerHelper(
      block,
      function (this: unknown, value: unknown, options: Handlebars.HelperOptions) {
        return original.call(this, required(value), options) as unknown;
      },
    );
  }
  return handlebars;
}

/** Handlebars' `strict` ignores arguments of helpers (handlebars.js#1453): a misspelt name there is `undefined`. */
function required<T>(value: T, name = "a name in a helper or a block"): T {
  if (value === undefined) throw new Error(`the template's context has no value for ${name}`);
  return value;
}
