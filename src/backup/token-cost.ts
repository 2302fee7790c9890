/**
 * Cost of a guess, for whoever finds a backup: owners choose weak tokens, of which a fast hash would give away the most common ones
 * in seconds. 128 MiB of memory and about half a second (OWASP's Password Storage Cheat Sheet names these numbers). It is part of
 * version 1 of the manifest.
 */
export const TOKEN_COST = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };
