import type { Faults } from "./fault";
import type { Common } from "./model";
import type { RolloutSettings } from "./settings";

/** K3s' long form of a token begins with `K10` and the hash of its CA, and has `::` before the user's name. */
const LOOKS_LIKE_TOKEN = /K10[0-9a-f]{8,}|::[a-z]+:/;

/** A value that may be the token itself is not repeated. */
export function checkRollout({ tokenPath, tokenCommand }: RolloutSettings, faults: Faults): void {
  if (tokenPath !== undefined && tokenCommand !== undefined) {
    faults.say("tokenPath", "and 'rollout.tokenCommand' exclude each other: the join token has one source");
  }
  if (tokenPath !== undefined && (tokenPath.trim() === "" || LOOKS_LIKE_TOKEN.test(tokenPath))) {
    faults.say(
      "tokenPath",
      "should be the path of a file; what was given is not repeated, since it may be a token",
    );
  }
  if (tokenCommand === undefined) return;
  if (tokenCommand.length === 0 || tokenCommand[0] === "") {
    faults.say("tokenCommand", 'should be a program and its arguments, such as ["sops", "-d", "token.enc"]');
  }
  if (tokenCommand.some((word) => LOOKS_LIKE_TOKEN.test(word))) {
    faults.say("tokenCommand", "has what looks like a join token, which belongs into no file of a project");
  }
}

/** What is under /run comes with the activation, as sops-nix and agenix have it. */
export const isTokenDelivered = ({ k3s }: Pick<Common, "k3s">): boolean => k3s.tokenFile.startsWith("/run/");

/** Neither a rollout nor the activation brings the join token to the hosts. */
export const isTokenByHand = ({ k3s, rollout }: Pick<Common, "k3s" | "rollout">): boolean =>
  !isTokenDelivered({ k3s }) && (rollout?.tokenPath ?? rollout?.tokenCommand) === undefined;
