import { contentOf } from "../backup/content";
import { readBackup } from "../backup/manifest";
import type { Snapshot } from "../backup/snapshot";
import { isToken } from "../backup/token-reference";
import { UserError } from "../base/user-error";
import type { Backup } from "../backup/manifest";
import type { JoinTokens } from "./token";
import { isSameMinor } from "./version";
import type { HostState } from "./identity";

/** A backup that was read and checked, and the token with which its snapshot is encrypted. */
export interface Restorable {
  readonly backup: Backup;
  readonly snapshot: Snapshot;
  readonly token: string;
}

/**
 * Checks all that can be checked before a host is asked.
 *
 * @throws UserError when the backup is damaged, or of the time of another token
 */
export async function readRestorable(folder: string, tokens: JoinTokens): Promise<Restorable> {
  const backup = readBackup(folder);
  const snapshot = await contentOf(backup);
  const token = neededToken(tokens);
  if (!(await isToken(token, backup.manifest.token)))
    throw new UserError(
      "invalid",
      `The join token is not the one of the backup's time (${backup.manifest.takenAt})`,
      {
        remedy:
          backup.encryptedToken === undefined
            ? `make ${TOKEN_SOURCE} give that one; the backup does not have it`
            : `make ${TOKEN_SOURCE} give that one, which is in the backup: age --decrypt --identity <your key> ${backup.encryptedToken}`,
      },
    );
  return { backup, snapshot, token };
}

/** @throws UserError when `main.ts` has none */
export function neededToken({ server: token }: JoinTokens): string {
  if (token !== undefined) return token;
  throw new UserError("invalid", "The join token is needed, with which the snapshot is encrypted", {
    remedy: `set ${TOKEN_SOURCE}`,
  });
}

export const TOKEN_SOURCE = "rollout.tokenPath or rollout.tokenCommand of main.ts";

/** A server of another minor version would change the objects on its way, or not read them. */
export function versionFaults({ backup }: Restorable, { host, facts }: HostState): string[] {
  const { k3sVersion } = backup.manifest;
  return isSameMinor(facts.k3sVersion, k3sVersion)
    ? []
    : [
        `${host.name} has K3s ${facts.k3sVersion || "of no known version"}, and the backup is of ${k3sVersion}: roll out that minor version first`,
      ];
}
