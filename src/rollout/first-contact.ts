import { UserError } from "../base/user-error";
import { fingerprint } from "./host-keys";

/** A machine whose SSH host keys are pinned at the first contact. */
export interface Contact {
  readonly name: string;
  /** Where it is expected, for the person who compares. */
  readonly ownAddress: string;
  readonly unpinnedKeys: () => string[];
  /** Those that it has proven to own. */
  readonly provenKeys: () => string[];
  readonly pin: (keys: readonly string[]) => void;
}

/** How to read the fingerprint independently of the connection that is in question. */
const COMPARE = "compare it at its console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub";

/** Plan notes for a host whose SSH host key is not pinned. */
export const keyNotes = (host: Contact): string[] =>
  host.unpinnedKeys().map((key) => `its SSH host key is not pinned yet: ${fingerprint(key)}; ${COMPARE}`);

/** Hosts whose identity is not confirmed yet: they have SSH host keys that are not pinned. */
const unpinnedHosts = <T extends Contact>(hosts: readonly T[]): T[] =>
  hosts.filter((host) => host.unpinnedKeys().length > 0);

/** The part of the question about new keys. */
const pinningNotice = (hosts: readonly Contact[]): string =>
  hosts.length === 0
    ? ""
    : `These new SSH host keys will be pinned; compare them at the consoles first:\n${hosts.map(inWords).join("\n")}\n`;

/**
 * @param isAccepted - `undefined` for a command that accepts none beforehand
 * @throws UserError when no question is asked and new keys were not accepted beforehand
 */
function refuseUnpinned(hosts: readonly Contact[], isAsked: boolean, isAccepted: boolean | undefined): void {
  if (hosts.length === 0 || isAsked || isAccepted === true) return;
  throw new UserError(
    "refused",
    `These SSH host keys are not pinned, and --yes does not accept them:\n${hosts.map(inWords).join("\n")}\n` +
      `Run the command without --yes and compare them${isAccepted === undefined ? "" : ", or pass --accept-new-host-keys"}. ` +
      "No host was changed",
  );
}

function pinKeys(hosts: readonly Contact[]): void {
  for (const host of hosts) host.pin(host.provenKeys());
}

const inWords = (host: Contact): string =>
  `  ${host.name} (${host.ownAddress}): ${host.unpinnedKeys().map(fingerprint).join(", ")}`;

/**
 * Pins new keys of machines, once a question has been answered that shows them.
 *
 * @param ask - asks, with the part about new keys first; rejects without consent
 * @throws UserError when no question is asked and new keys were not accepted beforehand
 */
export async function askToPin(
  hosts: readonly Contact[],
  { isAsked, isAccepted }: { readonly isAsked: boolean; readonly isAccepted: boolean | undefined },
  ask: (notice: string) => Promise<void>,
): Promise<void> {
  const fresh = unpinnedHosts(hosts);
  refuseUnpinned(fresh, isAsked, isAccepted);
  await ask(pinningNotice(fresh));
  pinKeys(fresh);
}
