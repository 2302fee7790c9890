/**
 * What the last released version emitted for the examples: a hash for each kind of file. Since an owner commits these files, a
 * version must not change one in silence.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { textsBelow } from "../fixture";

/** Hashes by kind of file, such as `nftables.nft`. */
export type Hashes = Readonly<Record<string, string>>;

export interface Emitted {
  readonly version: string;
  /** By the example's name. */
  readonly examples: Readonly<Record<string, Hashes>>;
}

const RECORD = join(__dirname, "emitted.json");

export const recorded = (): Emitted => JSON.parse(readFileSync(RECORD, "utf8")) as Emitted;

export const record = (emitted: Emitted): void =>
  writeFileSync(RECORD, `${JSON.stringify(emitted, null, 2)}\n`);

/** @param folder - with `nix/`, and OpenTofu's JSON in `out/` */
export function hashesOf(folder: string): Hashes {
  const texts = new Map<string, string>();
  const add = (kind: string, text: string): void => {
    texts.set(kind, (texts.get(kind) ?? "") + text);
  };
  for (const [path, text] of Object.entries(textsBelow(join(folder, "nix"))))
    add(basename(path), `${path}\n${text}`);
  // "//" holds versions of CDKTF, which OpenTofu ignores.
  const json = JSON.parse(
    readFileSync(join(folder, "out/stacks/k3s/cdk.tf.json"), "utf8"),
    (key, value: unknown) => (key === "//" ? undefined : value),
  ) as unknown;
  add("cdk.tf.json", JSON.stringify(json));
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);
  return Object.fromEntries([...texts].sort().map(([kind, text]) => [kind, hash(text)]));
}

/** Kinds of file that differ in an example that both versions have, or that only one of the versions emits. */
export function changedKinds(before: Emitted["examples"], now: Emitted["examples"]): string[] {
  const changed = Object.entries(before).flatMap(([example, was]) => {
    const is = now[example] ?? was;
    return Object.keys({ ...was, ...is }).filter((kind) => was[kind] !== is[kind]);
  });
  return [...new Set(changed)].sort();
}
