/**
 * What OpenSSH's client prints of its own work. It ends with 255 after every failure of its own, as a program of the host
 * also may, and has no structured output, so its sentences are read, here and nowhere else. They do not depend on the
 * locale: the client sets none but that of characters. Sources: openssh-portable, sshconnect.c and sshconnect2.c;
 * connect(2). __tests__/system/machines/trouble.test.ts makes the real client say them.
 */

/**
 * Why a session did not come about.
 *
 * - `no session`: the login succeeded, and no shell answered.
 * - `host key`: the host has another key than the one that is known.
 * - `no key accepted`: the host accepts none of the operator's keys.
 * - `no way`: nothing answers at that address.
 * - `other`: anything else, as a busy server that closes the connection.
 */
export type OpeningFailure = "no session" | "host key" | "no key accepted" | "no way" | "other";

const FAILURES: readonly (readonly [OpeningFailure, RegExp])[] = [
  ["no session", /^Authenticated to /m],
  ["host key", /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/],
  ["no key accepted", /Permission denied/],
];

const NO_WAY = /timed out|No route to host|Connection refused|Network is unreachable/;

/** @param printed - by the client until it ended */
export function openingFailure(printed: string): OpeningFailure {
  const known = FAILURES.find(([, sentence]) => sentence.test(printed))?.[0];
  return known ?? (NO_WAY.test(lastWords(printed)) ? "no way" : "other");
}

/**
 * Fingerprint of the operator's key that the host accepted; empty where the client named none, and for a certificate,
 * which is let in for its CA and whose key is in no list: the new connection after an activation shows that it still is.
 */
export function acceptedKey(opening: string): string {
  const accepted = [...opening.matchAll(/^debug1: Server accepts key: .*?(-CERT)? (SHA256:\S+)/gm)].at(-1);
  return accepted?.[1] === undefined ? (accepted?.[2] ?? "") : "";
}

const OWN_WORK =
  /^(debug1:|OpenSSH_|Authenticated to |Warning: Permanently added |Transferred: |Bytes per second: )/;

/** The last lines that are not about the client's own work, as one. */
export const lastWords = (printed: string): string =>
  printed
    .trim()
    .split("\n")
    .filter((line) => !OWN_WORK.test(line))
    .slice(-3)
    .join(" ");

/** What the host printed, without what the client prints beside it. */
export const withoutClient = (text: string): string => text.replaceAll(/^debug1: .*(\n|$)/gm, "");
