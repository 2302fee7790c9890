/** As `src/backup/token-reference.ts`, with the cost that the operator's program has here: suites back up hundreds of times. */
import { randomBytes, scryptSync } from "node:crypto";

export const TOKEN_COST = { N: 2 ** 10, r: 8, p: 1 };

export const cheapReference = (token: string, salt = randomBytes(16).toString("hex")) => ({
  salt,
  hash: scryptSync(token, Buffer.from(salt, "hex"), 32, TOKEN_COST).toString("hex"),
});
