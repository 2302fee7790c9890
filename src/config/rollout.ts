import type { Faults } from "./fault";
import type { Common, K3s } from "./model";
import { looksSecret } from "./secrets";
import type { RolloutSettings } from "./settings";

/** Whether it is `echo x`, or a shell that runs it. A variable or another command may be printed: no file contains its value. */
const printsItself = (command: readonly string[]): boolean =>
  /(^|\/)(echo|printf)$/.test(command[0] ?? "") ||
  command.slice(1).some((word) => /(^|[\s;&|(])(echo|printf)\s+[^$`;&|]+($|[;&|])/.test(word));

/** Does not repeat a value that may be the token itself. */
export function checkRollout(
  settings: RolloutSettings,
  k3s: Pick<K3s, "agentTokenFile" | "snapshots">,
  faults: Faults,
): void {
  checkSource("tokenPath", settings.tokenPath, "tokenCommand", settings.tokenCommand, faults);
  const { agentTokenPath, agentTokenCommand } = settings;
  checkSource("agentTokenPath", agentTokenPath, "agentTokenCommand", agentTokenCommand, faults);
  const { s3Path, s3Command } = settings;
  checkSource("s3Path", s3Path, "s3Command", s3Command, faults);
  if (k3s.snapshots?.s3 === undefined && (s3Path ?? s3Command) !== undefined) {
    faults.add(
      s3Path === undefined ? "s3Command" : "s3Path",
      "has no effect without 'k3s.snapshots.s3'; set that to the bucket for snapshots",
    );
  }
  if (k3s.agentTokenFile === undefined && (agentTokenPath ?? agentTokenCommand) !== undefined) {
    const stated = agentTokenPath === undefined ? "agentTokenCommand" : "agentTokenPath";
    faults.add(
      stated,
      "has no effect without 'k3s.agentTokenFile'; set that to the path of the token on the hosts",
    );
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
    faults.add(pathSetting, `and 'rollout.${commandSetting}' exclude each other; keep one of them`);
  }
  if (path !== undefined && (path.trim() === "" || looksSecret(path))) {
    faults.add(pathSetting, "should be the path of a file; the value is not shown, since it may be a token");
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
      `prints its own arguments, which would put the join token into ${where}; use a secret store`,
    );
  } else if (command.some(looksSecret)) {
    faults.add(
      commandSetting,
      `has an argument that looks like a secret, which would end up in ${where}; it is not shown here. ` +
        "If it is only a name, put the command into a script and set the script's path",
    );
  }
}

/** Whether the host's activation delivers the token: sops-nix and agenix write to /run. */
export const isTokenDelivered = (path: string): boolean => path.startsWith("/run/");

/**
 * Whether you have to copy the token to the hosts, since neither a rollout nor the activation delivers it.
 *
 * @param path - of the token file on the hosts
 */
export function isTokenByHand(
  { k3s, rollout }: Pick<Common, "k3s" | "rollout">,
  path = k3s.tokenFile,
): boolean {
  const source = sourceOf(path, { k3s, rollout });
  return !isTokenDelivered(path) && source === undefined;
}

function sourceOf(path: string, { k3s, rollout }: Pick<Common, "k3s" | "rollout">): unknown {
  if (path === k3s.snapshots?.s3?.secretFile) return rollout?.s3Path ?? rollout?.s3Command;
  return path === k3s.agentTokenFile
    ? (rollout?.agentTokenPath ?? rollout?.agentTokenCommand)
    : (rollout?.tokenPath ?? rollout?.tokenCommand);
}

/** Number of backups that are kept where `main.ts` says nothing. */
const KEPT_BACKUPS = 30;

/** How `rollout backup` makes backups, and which it keeps. */
export function backupSettings({ rollout }: Pick<Common, "rollout">): {
  readonly recipients: readonly string[];
  readonly retention: { readonly keep: number; readonly keepDays?: number };
} {
  const { recipients = [], keep = KEPT_BACKUPS, keepDays } = rollout?.backup ?? {};
  return { recipients, retention: { keep, ...(keepDays === undefined ? {} : { keepDays }) } };
}

/** A host's system is built on the host itself. */
export const EACH_HOST = "each host";

/** Systems are built on the machine that runs the rollout. No hostname has a space. */
export const THIS_MACHINE = "this machine";

/** Where the hosts' systems are built: one of these two, or a hostname. */
export const buildPlace = ({ rollout }: Pick<Common, "rollout">): string => rollout?.build ?? EACH_HOST;

/** A verification fails where a certificate has fewer days left: time to plan the restart that renews it. */
export const certificateDays = ({ rollout }: Pick<Common, "rollout">): number =>
  rollout?.certificateDays ?? 30;
