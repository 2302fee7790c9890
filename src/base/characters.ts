/**
 * Characters that no emitted file can hold as they are, or that show a reader something else than what stands there: NUL
 * ends a Nix string, a line break a comment, half a surrogate pair is not UTF-8, and bidirectional ones reorder a line.
 */
const FORBIDDEN = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** The first such character as `U+0000`. `lines`: the text may have several, and tabs. */
export function forbiddenCharacter(text: string, lines = false): string | undefined {
  const [character] = FORBIDDEN.exec(lines ? text.replace(/[\n\t]/g, " ") : text) ?? [];
  return character && `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}
