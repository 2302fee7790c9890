/** The full form of a K3s token: `K10`, the hash of the CA, `::`, user name and password. */
const LOOKS_LIKE_TOKEN = /K10[0-9a-f]{8,}|::[a-z]+:/;

/** Whether a part of the text looks randomly generated: 32 hexadecimal digits, or a mix of cases and digits as in base64. */
const looksRandom = (text: string): boolean =>
  text.split(/[^A-Za-z0-9]+/).some((piece) => /^[0-9a-f]{32,}$/i.test(piece) || isMixed(piece));

/** In a name, letters of one case or digits follow each other; in base64 most characters are of another class than the one before. */
function isMixed(piece: string): boolean {
  if (piece.length < 20 || ![/[a-z]/, /[A-Z]/, /[0-9]/].every((kind) => kind.test(piece))) return false;
  const turns = piece.match(/[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])|[0-9](?=[A-Za-z])/g) ?? [];
  return turns.length > 0.4 * piece.length;
}

/** Whether a text may be a secret in the wrong place. */
export const looksSecret = (text: string): boolean => LOOKS_LIKE_TOKEN.test(text) || looksRandom(text);

/**
 * The password in a token. The long form `K10<hash of the CA>::<user>:<password>` is equivalent to the password alone.
 * Source: docs.k3s.io/cli/token
 */
export const passwordOf = (token: string): string => token.replace(/^K10[0-9a-f]+::([^:]+:)?/, "");
