import { forbiddenCharacter } from "../base/characters";
import type { Faults } from "./fault";

/**
 * Text in place of the 32 bytes of an ed25519 public key, so that no private key can exist for it. You can see it with
 * `awk '{print $2}' authorized_keys | base64 -d`.
 */
const EXAMPLE_KEY_BYTES = "EXAMPLE KEY! PUT IN YOUR OWN ONE";

const KEY_LINE = /^([a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})( [^\r\n]*)?$/;

/** Lines of an `authorized_keys` file, without comments and blank lines. */
export const authorizedKeys = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));

/** Never repeats a line in a message, since it may be a private key. */
export function checkAuthorizedKeys(keys: readonly string[], file: string, faults: Faults): void {
  const setting = "authorizedKeysFile";
  if (keys.some((line) => line.includes("PRIVATE KEY"))) {
    faults.add(
      setting,
      `${file} contains a private key; remove it from the project and from git, and replace the key pair`,
    );
    return;
  }
  if (keys.length === 0)
    faults.add(setting, `${file} contains no key, so that nobody could log in; add yours`);
  keys.forEach((line, index) => {
    const character = forbiddenCharacter(line, true);
    if (character !== undefined)
      faults.add(setting, `${file}: entry ${index + 1} contains the character ${character}`);
    if (!isPublicKey(line)) {
      faults.add(
        setting,
        `${file}: entry ${index + 1} should be a public key such as "ssh-ed25519 AAAA... name"`,
      );
    }
  });
}

/** A line has the key type twice, as text and in the first field of the key itself; a truncated paste has it wrong in one. */
function isPublicKey(line: string): boolean {
  const [, type, base64] = KEY_LINE.exec(line) ?? [];
  if (type === undefined || base64 === undefined) return false;
  const blob = Buffer.from(base64, "base64");
  if (blob.length < 4 || blob.toString("base64").replace(/=+$/, "") !== base64.replace(/=+$/, ""))
    return false;
  const fields = parseSshFields(blob);
  return fields !== undefined && fields.length > 1 && fields[0]?.toString() === type && KEY_TYPES.has(type);
}

/** RFC 4253 strings: four bytes of length, then that many bytes. `undefined` if they do not fill the blob exactly. */
function parseSshFields(blob: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  let at = 0;
  while (at + 4 <= blob.length) {
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return undefined;
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return at === blob.length ? fields : undefined;
}

/** Key types that OpenSSH 9 and later accept for public key authentication. */
const KEY_TYPES = new Set([
  "ssh-ed25519",
  "ssh-rsa",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
]);

export function isExampleKey(line: string): boolean {
  const base64 = KEY_LINE.exec(line)?.[2];
  return base64 !== undefined && Buffer.from(base64, "base64").includes(EXAMPLE_KEY_BYTES);
}
