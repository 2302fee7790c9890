import type * as z from "zod";
import { group, matching } from "./kinds";

const EXAMPLE = {
  url: "https://cache.example.org",
  publicKey: "cache.example.org-1:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
};

export const BinaryCacheSchema = group(
  {
    /** URL of the cache. */
    url: matching(
      /^https?:\/\/[A-Za-z0-9[][A-Za-z0-9._~:/?[\]@!&'()*+,;=%-]*$/,
      `a URL such as ${EXAMPLE.url}`,
      EXAMPLE.url,
    ),
    /** Public key with which the cache signs, as `nix key convert-secret-to-public` prints it. */
    publicKey: matching(
      // 32 bytes. A secret key has the same form with 64.
      /^[A-Za-z0-9._-]+:[A-Za-z0-9+/]{43}=$/,
      `a public key such as ${EXAMPLE.publicKey}`,
      EXAMPLE.publicKey,
    ),
  },
  EXAMPLE,
);

/** A server of built packages. */
export interface BinaryCacheSettings extends Readonly<z.input<typeof BinaryCacheSchema>> {}
