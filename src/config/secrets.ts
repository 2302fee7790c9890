/** K3s' long form of a token begins with `K10` and the hash of its CA, and has `::` before the user's name. */
const LOOKS_LIKE_TOKEN = /K10[0-9a-f]{8,}|::[a-z]+:/;

/** Whether a text has a piece as a random generator makes it: 32 hexadecimal digits, or letters of both cases and digits in a muddle. */
const looksRandom = (text: string): boolean =>
  text.split(/[^A-Za-z0-9]+/).some((piece) => /^[0-9a-f]{32,}$/i.test(piece) || isMuddle(piece));

/** In a name a word or a number goes on for some characters; in base64 most characters are of another kind than the last. */
function isMuddle(piece: string): boolean {
  if (piece.length < 20 || ![/[a-z]/, /[A-Z]/, /[0-9]/].every((kind) => kind.test(piece))) return false;
  const turns = piece.match(/[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])|[0-9](?=[A-Za-z])/g) ?? [];
  return turns.length > 0.4 * piece.length;
}

/** Whether a text may be a secret that stands in the wrong place. */
export const looksSecret = (text: string): boolean => LOOKS_LIKE_TOKEN.test(text) || looksRandom(text);
