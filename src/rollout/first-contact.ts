import { UserError } from "../base/user-error";
import type { Host } from "./host";
import { fingerprint } from "./host-keys";

/** How to read the fingerprint independently of the connection that is in question. */
const COMPARE = "compare it at its console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub";

/** Plan notes for a host whose SSH host key is not pinned. */
export const keyNotes = (host: Host): string[] =>
  host.unpinnedKeys().map((key) => `its SSH host key is not pinned yet: ${fingerprint(key)}; ${COMPARE}`);

/** Hosts whose identity is not confirmed yet: they have SSH host keys that are not pinned. */
export const unpinnedHosts = (hosts: readonly Host[]): Host[] =>
  hosts.filter((host) => host.unpinnedKeys().length > 0);

/** The part of the question about new keys. */
export const pinningNotice = (hosts: readonly Host[]): string =>
  hosts.length === 0
    ? ""
    : `These new SSH host keys will be pinned; compare them at the consoles first:\n${hosts.map(inWords).join("\n")}\n`;

/** @throws UserError when no question is asked and new keys were not accepted beforehand */
export function refuseUnpinned(hosts: readonly Host[], isAsked: boolean, isAccepted: boolean): void {
  if (hosts.length === 0 || isAsked || isAccepted) return;
  throw new UserError(
    "refused",
    `These SSH host keys are not pinned, and --yes does not accept them:\n${hosts.map(inWords).join("\n")}\n` +
      "Run the command without --yes and compare them, or pass --accept-new-host-keys. No host was changed",
  );
}

export function pinKeys(hosts: readonly Host[]): void {
  for (const host of hosts) host.pin(host.provenKeys());
}

const inWords = (host: Host): string =>
  `  ${host.name} (${host.node.ipv4Address}): ${host.unpinnedKeys().map(fingerprint).join(", ")}`;
