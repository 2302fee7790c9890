/**
 * Interprets the messages of the OpenSSH client. It exits with 255 after every failure of its own, but so may a remote program,
 * and it has no structured output. So its messages are parsed, here and nowhere else. They do not depend on the locale: the
 * client sets only that of characters. Sources: openssh-portable, sshconnect.c and sshconnect2.c; connect(2).
 * __tests__/system/machines/trouble.test.ts makes the real client print them.
 */
import { withoutReturns } from "../base/printable";

/**
 * Why a session could not be opened.
 *
 * - `no session`: the login succeeded, but no shell answered.
 * - `host key`: the host's key is not the known one.
 * - `no key accepted`: the host accepts none of the operator's keys.
 * - `no way`: nothing answers at that address.
 * - `other`: anything else, such as a busy server that closes the connection.
 */
export type OpeningFailure = "no session" | "host key" | "no key accepted" | "no way" | "other";

const FAILURES: readonly (readonly [OpeningFailure, RegExp])[] = [
  ["no session", /^Authenticated to /m],
  ["host key", /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/],
  ["no key accepted", /Permission denied/],
];

/** Whether the host has let the operator in. @param printed - the client's output */
export const isAuthenticated = (printed: string): boolean => openingFailure(printed) === "no session";

const NO_WAY = /timed out|No route to host|Connection refused|Network is unreachable/;

/** @param printed - the client's output until it ended */
export function openingFailure(printed: string): OpeningFailure {
  const known = FAILURES.find(([, sentence]) => sentence.test(printed))?.[0];
  return known ?? (NO_WAY.test(lastWords(printed)) ? "no way" : "other");
}

/**
 * Fingerprint of the operator's key that the host accepted; empty if the client printed none, and for a certificate. The host
 * accepts a certificate because of its CA, and its key is in no list: the new connection after an activation shows that the
 * host still accepts it.
 */
export function acceptedKey(opening: string): string {
  const accepted = [...opening.matchAll(/^debug1: Server accepts key: .*?(-CERT)? (SHA256:\S+)/gm)].at(-1);
  return accepted?.[1] === undefined ? (accepted?.[2] ?? "") : "";
}

const OWN_WORK =
  /^(debug1:|OpenSSH_|Authenticated to |Warning: Permanently added |Transferred: |Bytes per second: )/;

/** Without what the client says of its own work. */
export const withoutOwnWork = (printed: string): string =>
  withoutReturns(printed)
    .split("\n")
    .filter((line) => !OWN_WORK.test(line))
    .join("\n");

/** The last of these lines, joined. */
export const lastWords = (printed: string): string =>
  withoutOwnWork(printed.trim()).split("\n").slice(-3).join(" ");

/** The host's output without the client's debug output. */
export const withoutClient = (text: string): string => text.replaceAll(/^debug1: .*(\n|$)/gm, "");
