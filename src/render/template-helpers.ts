import type Handlebars from "handlebars";
import { comment, nixString } from "../base/escape";

const BLOCKS = ["if", "unless", "each", "with"] as const;

/** Gives an instance of Handlebars, or of its runtime, the helpers that templates use. */
export function registerHelpers<T extends Pick<typeof Handlebars, "helpers" | "registerHelper">>(
  handlebars: T,
): T {
  handlebars.registerHelper("value", (value: unknown, name: string) => given(value, name));
  handlebars.registerHelper("nix", (text: unknown) => nixString(String(given(text))));
  handlebars.registerHelper("json", (value: unknown) => JSON.stringify(given(value)));
  handlebars.registerHelper("comment", (text: unknown) => comment(String(given(text))));
  for (const block of BLOCKS) {
    const original = handlebars.helpers[block] as Handlebars.HelperDelegate;
    handlebars.registerHelper(
      block,
      function (this: unknown, value: unknown, options: Handlebars.HelperOptions) {
        return original.call(this, given(value), options) as unknown;
      },
    );
  }
  return handlebars;
}

/** Handlebars' `strict` does not look at arguments of helpers (handlebars.js#1453): there a misspelt name is `undefined`. */
function given<T>(value: T, name = "a name in a helper or a block"): T {
  if (value === undefined) throw new Error(`a template was not given what it names: ${name}`);
  return value;
}
