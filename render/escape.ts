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

/** The rest of a line behind `#`: whatever would end the line would end the comment. */
// eslint-disable-next-line no-control-regex -- control characters are what it is about
export const comment = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g, " ");
