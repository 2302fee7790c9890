import { fenced, textOf } from "../../markdown";

/** The document's block in that language that has these words. */
export function block(document: string, language: string, words: string): string {
  const found = fenced(textOf(document), language).find((text) => text.includes(words));
  if (found === undefined) throw new Error(`${document} has no block with ${words}`);
  return found;
}

/** Privileges of the role that the documents make, at the root. */
export function role(name: string) {
  const text = textOf("docs/reference/proxmox-privileges.md");
  const [, privileges = ""] = new RegExp(`role add ${name} --privs "(.*)"`).exec(text) ?? [];
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
