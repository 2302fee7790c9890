const BYTES = "\0\0\0\x0bssh-ed25519\0\0\0 0123456789abcdef0123456789abcdef";

/** A file of one key, which is not the example's. */
export const OPERATOR_KEY = `ssh-ed25519 ${Buffer.from(BYTES, "latin1").toString("base64")} owner\n`;
