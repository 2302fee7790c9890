/** Escapes text for the language of the file or the command line that it is written to. */

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
 * A word of a systemd command line, where `%` starts a specifier and `$` a variable (systemd.service, "COMMAND
 * LINES"). NixOS joins the flags with spaces, so one with a space, such as a schedule of cron, is quoted. Quotes never occur
 * here: the model refuses them.
 */
export function systemdWord(text: string): string {
  const escaped = text.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return escaped.includes(" ") ? `"${escaped}"` : escaped;
}

/** A path in the name of a unit (systemd.unit, "STRING ESCAPING FOR INCLUSION IN UNIT NAMES"), for paths in ASCII. */
export const systemdPath = (path: string): string =>
  path
    .replace(/^\/+|\/+$/g, "")
    .replace(/^\.|[^A-Za-z0-9:_./]/g, (it) => `\\x${it.charCodeAt(0).toString(16).padStart(2, "0")}`)
    .replaceAll("/", "-");

/**
 * Quotes one word for /bin/sh and for interactive bash, zsh and fish. Inside single quotes fish reads `\\` and `\'` as one
 * character and sh does not, so both stay outside the quotes. Inside double quotes an interactive bash would expand `!`
 * from its history.
 */
export function shellWord(text: string): string {
  if (/^[\w/.,:@-][\w/.,:@=+-]*$/.test(text)) return text;
  const parts = text.split(/([\\'])/).filter(Boolean);
  return parts.map((part) => (/[\\']/.test(part) ? `\\${part}` : `'${part}'`)).join("") || "''";
}

/** Text after `#`, without the characters that would end the line and with it the comment. */
export const comment = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
