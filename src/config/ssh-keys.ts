import { forbiddenCharacter } from "../base/characters";
import type { Faults } from "./fault";

/**
 * Text in place of the 32 bytes of an ed25519 public key. Nobody can have its private half, and anybody can see
 * that: `awk '{print $2}' authorized_keys | base64 -d`
 */
const EXAMPLE_KEY_BYTES = "EXAMPLE KEY! PUT IN YOUR OWN ONE";

const KEY_LINE = /^([a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})( [^\r\n]*)?$/;

/** Lines of an `authorized_keys` file, without comments and blank ones. */
export const authorizedKeys = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));

/** No line is ever repeated in a message: one of them may be a private key. */
export function checkAuthorizedKeys(keys: readonly string[], file: string, faults: Faults): void {
  const setting = "authorizedKeysFile";
  if (keys.some((line) => line.includes("PRIVATE KEY"))) {
    faults.add(
      setting,
      `${file} holds a private key; take it out of the project and of git, and replace the pair`,
    );
    return;
  }
  if (keys.length === 0) faults.add(setting, `${file} holds no key: nobody could log in`);
  keys.forEach((line, index) => {
    const character = forbiddenCharacter(line, true);
    if (character !== undefined)
      faults.add(setting, `${file}: entry ${index + 1} has the character ${character}`);
    if (!isPublicKey(line)) {
      faults.add(
        setting,
        `${file}: entry ${index + 1} should be a public key such as "ssh-ed25519 AAAA... name"`,
      );
    }
  });
}

/** The type is said twice, in words and in the key's own first field; a truncated paste differs in one of them. */
function isPublicKey(line: string): boolean {
  const [, type, base64] = KEY_LINE.exec(line) ?? [];
  if (type === undefined || base64 === undefined) return false;
  const blob = Buffer.from(base64, "base64");
  if (blob.length < 4 || blob.toString("base64").replace(/=+$/, "") !== base64.replace(/=+$/, ""))
    return false;
  const fields = sshFields(blob);
  return fields !== undefined && fields.length > 1 && fields[0]?.toString() === type && KEY_TYPES.has(type);
}

/** RFC 4253 strings: four bytes of length, then that many bytes. `undefined` when they do not fill the blob. */
function sshFields(blob: Buffer): Buffer[] | undefined {
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

/** Those that OpenSSH 9 and later accept for public key authentication. */
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
