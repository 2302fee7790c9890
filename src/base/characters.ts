/**
 * Characters that an emitted file cannot contain, or that mislead a reader: NUL ends a Nix string, a line break ends a
 * comment, half a surrogate pair is not valid UTF-8, and bidirectional controls reorder a line.
 */
const FORBIDDEN = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** The first such character, as `U+0000`. `lines`: line breaks and tabs are allowed. */
export function forbiddenCharacter(text: string, lines = false): string | undefined {
  const [character] = FORBIDDEN.exec(lines ? text.replace(/[\n\t]/g, " ") : text) ?? [];
  return character && `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}
