import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { passwordOf } from "../config/secrets";
import type { Manifest } from "./manifest";
import { TOKEN_COST } from "./token-cost";

/** A salted hash of a token, in hexadecimal. */
export type TokenReference = Manifest["token"];

/** @param token - in its short or its long form */
export async function tokenReference(token: string): Promise<TokenReference> {
  const salt = randomBytes(16);
  return { salt: salt.toString("hex"), hash: (await slowHash(token, salt)).toString("hex") };
}

/** Whether it is the token of that reference. @param token - in its short or its long form */
export async function isToken(token: string, { salt, hash }: TokenReference): Promise<boolean> {
  return timingSafeEqual(await slowHash(token, Buffer.from(salt, "hex")), Buffer.from(hash, "hex"));
}

const slowHash = (token: string, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(passwordOf(token), salt, 32, TOKEN_COST, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
