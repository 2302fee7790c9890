/** Which options a Nix file states. */

/** What separates the words of Nix that matter here; comments and strings are skipped whole (Nix manual, "Syntax and semantics"). */
const TOKENS =
  /#[^\n]*|\/\*[\s\S]*?\*\/|''(?:'''|''\$|''\\[\s\S]|'(?!')|[^'])*''|"(?:\\[\s\S]|[^"\\])*"|[A-Za-z_][\w'-]*|[{}=;.]/g;

/**
 * The options that a file states, as paths, also in nested sets and behind functions such as `lib.mkIf`. It is a guess by the text:
 * names of variables are among them, and names in quotes or that are computed are not.
 */
export function optionsIn(text: string): Set<string> {
  const found = new Set<string>();
  /** The path of each set that is open. */
  const open: (readonly string[])[] = [];
  /** The words of the statement so far, and its path once its `=` has come. */
  let words: string[] = [];
  let path: readonly string[] | undefined;
  let dotted = false;
  const forget = (): void => {
    words = [];
    path = undefined;
    dotted = false;
  };
  for (const [token] of text.matchAll(TOKENS)) {
    if (/^(#|\/\*)/.test(token)) continue;
    if (token === "{") {
      open.push(path ?? open.at(-1) ?? []);
      forget();
    } else if (token === "}") {
      path = open.pop();
      words = [];
    } else if (token === ";") forget();
    else if (token === "=") {
      if (path === undefined && words.length > 0) {
        path = [...(open.at(-1) ?? []), ...words];
        found.add(path.join("."));
      }
    } else if (token === ".") dotted = true;
    else {
      words = dotted ? [...words, token] : [token];
      dotted = false;
    }
  }
  return found;
}
