import { UserError } from "../base/user-error";
import type { Host } from "./host";
import { fingerprint } from "./host-keys";

/** Where a person reads the fingerprints to compare them with, and not over the connection that is in question. */
const COMPARE = "compare it at its console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub";

/** What a person should know of a host to whose SSH host key nobody has agreed. */
export const keyNotes = (host: Host): string[] =>
  host.unpinnedKeys().map((key) => `its SSH host key is not pinned yet: ${fingerprint(key)}; ${COMPARE}`);

/** Hosts of which nobody knows yet whether they are the machines that they say they are. */
export const unpinnedHosts = (hosts: readonly Host[]): Host[] =>
  hosts.filter((host) => host.unpinnedKeys().length > 0);

/** Part of the question that a person is asked. */
export const pinningNotice = (hosts: readonly Host[]): string =>
  hosts.length === 0
    ? ""
    : `New SSH host keys, which will be pinned; compare them at the consoles:\n${hosts.map(inWords).join("\n")}\n`;

/** @throws UserError when nobody is asked and nobody has said beforehand that new keys are taken */
export function refuseUnpinned(hosts: readonly Host[], isAsked: boolean, isAccepted: boolean): void {
  if (hosts.length === 0 || isAsked || isAccepted) return;
  throw new UserError(
    "refused",
    `Nobody has agreed to these SSH host keys, and --yes does not:\n${hosts.map(inWords).join("\n")}\n` +
      "Run it without --yes and compare them, or say --accept-new-host-keys. No host was changed",
  );
}

export function pinKeys(hosts: readonly Host[]): void {
  for (const host of hosts) host.pin(host.provenKeys());
}

const inWords = (host: Host): string =>
  `  ${host.name} (${host.node.ipv4Address}): ${host.unpinnedKeys().map(fingerprint).join(", ")}`;
