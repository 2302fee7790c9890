import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../../fixture";
import { fenced } from "../../markdown";

const README = readFileSync(join(REPOSITORY, "README.md"), "utf8");

/** README's block in that language that has these words. */
export function block(language: string, words: string): string {
  const found = fenced(README, language).find((text) => text.includes(words));
  if (found === undefined) throw new Error(`README has no block with ${words}`);
  return found;
}

/** Privileges of the role that README makes, at the root. */
export function role(name: string) {
  const [, privileges = ""] = new RegExp(`role add ${name} --privs "(.*)"`).exec(README) ?? [];
  const all = privileges.split(" ");
  const at = (list: readonly string[]) => ({ "/": list });
  return {
    whole: at(all),
    without: (privilege: string) => {
      if (!all.includes(privilege)) throw new Error(`${name} has no ${privilege}`);
      return at(all.filter((one) => one !== privilege));
    },
  };
}
