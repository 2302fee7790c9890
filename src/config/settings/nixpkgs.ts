import type * as z from "zod";
import { group, matching } from "./kinds";

const REVISION = "0123456789abcdef0123456789abcdef01234567";
const HASH = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

export const NixpkgsSchema = group(
  {
    /** Commit of NixOS/nixpkgs. */
    rev: matching(/^[0-9a-f]{40}$/, "a commit of nixpkgs, of 40 hexadecimal digits in lower case", REVISION),
    /** Hash of its unpacked tree, as `narHash` in a `flake.lock`. */
    hash: matching(
      // The last digit of 32 bytes in base64 has only 4 bits.
      /^sha256-[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/,
      `the SHA-256 of the unpacked tree, such as ${HASH}`,
      HASH,
    ),
  },
  { rev: REVISION, hash: HASH },
);

/** One revision of nixpkgs. `npm run nixpkgs -- update` writes the newest one to `nixpkgs.json`. */
export interface NixpkgsSettings extends Readonly<z.input<typeof NixpkgsSchema>> {}
