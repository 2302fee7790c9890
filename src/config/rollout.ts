import type { Faults } from "./fault";
import type { Common, K3s } from "./model";
import { looksSecret } from "./secrets";
import type { RolloutSettings } from "./settings";

/** `echo x`, also as a word of a shell; what comes of a variable or of another command is in no file. */
const printsItself = (command: readonly string[]): boolean =>
  /(^|\/)(echo|printf)$/.test(command[0] ?? "") ||
  command.slice(1).some((word) => /(^|[\s;&|(])(echo|printf)\s+[^$`;&|]+($|[;&|])/.test(word));

/** A value that may be the token itself is not repeated. */
export function checkRollout(
  settings: RolloutSettings,
  k3s: Pick<K3s, "agentTokenFile">,
  faults: Faults,
): void {
  checkSource("tokenPath", settings.tokenPath, "tokenCommand", settings.tokenCommand, faults);
  const { agentTokenPath, agentTokenCommand } = settings;
  checkSource("agentTokenPath", agentTokenPath, "agentTokenCommand", agentTokenCommand, faults);
  if (k3s.agentTokenFile === undefined && (agentTokenPath ?? agentTokenCommand) !== undefined) {
    const stated = agentTokenPath === undefined ? "agentTokenCommand" : "agentTokenPath";
    faults.add(stated, "has no effect without 'k3s.agentTokenFile', which says where hosts have it");
  }
}

function checkSource(
  pathSetting: string,
  path: string | undefined,
  commandSetting: string,
  command: readonly string[] | undefined,
  faults: Faults,
): void {
  if (path !== undefined && command !== undefined) {
    faults.add(
      pathSetting,
      `and 'rollout.${commandSetting}' exclude each other: the join token has one source`,
    );
  }
  if (path !== undefined && (path.trim() === "" || looksSecret(path))) {
    faults.add(
      pathSetting,
      "should be the path of a file; what was given is not repeated, since it may be a token",
    );
  }
  if (command === undefined) return;
  if (command.length === 0 || command[0] === "") {
    faults.add(commandSetting, 'should be a program and its arguments, such as ["sops", "-d", "token.enc"]');
  } else if (command.length === 1 && /^[^/\s]+\s|\s-/.test(command[0] ?? "")) {
    faults.add(
      commandSetting,
      'has blanks in the name of its program; state each word apart, such as ["sops", "-d", "token.enc"]',
    );
  }
  const where = "main.ts, cluster.json and git";
  if (printsItself(command)) {
    faults.add(
      commandSetting,
      `prints its own words, so that the join token would be in ${where}; take it from a store of secrets`,
    );
  } else if (command.some(looksSecret)) {
    faults.add(
      commandSetting,
      `has a word that looks like a secret, which would be in ${where}; it is not repeated here. ` +
        "If it is a mere name, put the command into a script and state that",
    );
  }
}

/** What is under /run comes with the activation, as sops-nix and agenix have it. */
export const isTokenDelivered = (path: string): boolean => path.startsWith("/run/");

/**
 * Neither a rollout nor the activation brings a token to the hosts.
 *
 * @param path - of its file on them
 */
export function isTokenByHand(
  { k3s, rollout }: Pick<Common, "k3s" | "rollout">,
  path = k3s.tokenFile,
): boolean {
  const source =
    path === k3s.agentTokenFile
      ? (rollout?.agentTokenPath ?? rollout?.agentTokenCommand)
      : (rollout?.tokenPath ?? rollout?.tokenCommand);
  return !isTokenDelivered(path) && source === undefined;
}
