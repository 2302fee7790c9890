import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { passwordOf } from "../config/secrets";
import type { Manifest } from "./manifest";

/** A salted hash of a token, in hexadecimal. */
export type TokenReference = Manifest["token"];

/**
 * Cost of a guess, for whoever finds a backup: owners choose weak tokens, of which a fast hash would give away the most common ones
 * in seconds. 128 MiB of memory and about half a second (OWASP's Password Storage Cheat Sheet names these numbers). It is part of
 * version 1 of the manifest.
 */
const COST = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };

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
    scrypt(passwordOf(token), salt, 32, COST, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
