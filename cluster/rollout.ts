import type { Faults } from "./fault";
import type { Common } from "./model";
import type { RolloutSettings } from "./settings";

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

const looksSecret = (text: string): boolean => LOOKS_LIKE_TOKEN.test(text) || looksRandom(text);

/** `echo x`, also as a word of a shell; what comes of a variable or of another command is in no file. */
const printsItself = (command: readonly string[]): boolean =>
  /(^|\/)(echo|printf)$/.test(command[0] ?? "") ||
  command.slice(1).some((word) => /(^|[\s;&|(])(echo|printf)\s+[^$`;&|]+($|[;&|])/.test(word));

/** A value that may be the token itself is not repeated. */
export function checkRollout({ tokenPath, tokenCommand }: RolloutSettings, faults: Faults): void {
  if (tokenPath !== undefined && tokenCommand !== undefined) {
    faults.say("tokenPath", "and 'rollout.tokenCommand' exclude each other: the join token has one source");
  }
  if (tokenPath !== undefined && (tokenPath.trim() === "" || looksSecret(tokenPath))) {
    faults.say(
      "tokenPath",
      "should be the path of a file; what was given is not repeated, since it may be a token",
    );
  }
  if (tokenCommand === undefined) return;
  if (tokenCommand.length === 0 || tokenCommand[0] === "") {
    faults.say("tokenCommand", 'should be a program and its arguments, such as ["sops", "-d", "token.enc"]');
  }
  const where = "main.ts, cluster.json and git";
  if (printsItself(tokenCommand)) {
    faults.say(
      "tokenCommand",
      `prints its own words, so that the join token would be in ${where}; take it from a store of secrets`,
    );
  } else if (tokenCommand.some(looksSecret)) {
    faults.say(
      "tokenCommand",
      `has a word that looks like a secret, which would be in ${where}; it is not repeated here. ` +
        "If it is a mere name, put the command into a script and state that",
    );
  }
}

/** What is under /run comes with the activation, as sops-nix and agenix have it. */
export const isTokenDelivered = ({ k3s }: Pick<Common, "k3s">): boolean => k3s.tokenFile.startsWith("/run/");

/** Neither a rollout nor the activation brings the join token to the hosts. */
export const isTokenByHand = ({ k3s, rollout }: Pick<Common, "k3s" | "rollout">): boolean =>
  !isTokenDelivered({ k3s }) && (rollout?.tokenPath ?? rollout?.tokenCommand) === undefined;
