/** Text of the model in the language that it lands in. */

/** A Nix string. Source: Nix manual, "String literals": `\`, `"` and `${` are special in double quotes. */
export function nixString(text: string): string {
  const escaped = text
    .replace(/[\\"]|\$(?=\{)/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  return `"${escaped}"`;
}

/**
 * Words of a systemd command line, in which `%` starts a specifier and `$` a variable (systemd.service, "COMMAND
 * LINES"). Spaces and quotes never get here: the model refuses them, since NixOS joins the flags by spaces.
 */
export const systemdWord = (text: string): string => text.replaceAll("%", "%%").replaceAll("$", "$$$$");

/**
 * One word of a shell: of /bin/sh, and of bash, zsh and fish as a person types into them. Within single quotes fish takes
 * `\\` and `\'` for one character, and sh does not, so both stand outside of quotes; within double quotes an interactive
 * bash would take `!` for a command of its history.
 */
export function shellWord(text: string): string {
  if (/^[\w/.,:@-][\w/.,:@=+-]*$/.test(text)) return text;
  const parts = text.split(/([\\'])/).filter(Boolean);
  return parts.map((part) => (/[\\']/.test(part) ? `\\${part}` : `'${part}'`)).join("") || "''";
}

/** The rest of a line behind `#`: whatever would end the line would end the comment. */
export const comment = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
