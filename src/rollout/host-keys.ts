import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";

/** SSH host keys: those that are pinned, and those first seen in this run. */
export class HostKeys {
  /**
   * @param pinnedFile - known_hosts file of pinned keys, to be committed
   * @param seenFile - known_hosts file of this run, in an existing folder
   */
  public constructor(
    public readonly pinnedFile: string,
    private readonly seenFile: string,
  ) {
    this.forgetSeen();
  }

  public forgetSeen(): void {
    rmSync(this.seenFile, { force: true });
  }

  /** The files for the client, which adds new keys to the first. */
  public get files(): string[] {
    return [this.seenFile, this.pinnedFile];
  }

  /** Public keys of the host, as `type base64`. */
  public pinned(hostname: string): string[] {
    return keysOf(this.pinnedFile, hostname);
  }

  /** Keys that the host has proven to own in this run, but that are not pinned. */
  public unpinned(hostname: string): string[] {
    const pinned = this.pinned(hostname);
    return keysOf(this.seenFile, hostname).filter((key) => !pinned.includes(key));
  }

  /** Replaces the host's pinned keys. */
  public pin(hostname: string, keys: readonly string[]): void {
    const others = lines(this.pinnedFile).filter((line) => !isOf(line, hostname));
    write(this.pinnedFile, [...others, ...keys.map((key) => `${hostname} ${key}`)]);
    write(
      this.seenFile,
      lines(this.seenFile).filter((line) => !isOf(line, hostname)),
    );
  }
}

/** As `ssh-keygen -lf` prints it. */
export const fingerprint = (key: string): string =>
  `SHA256:${createHash("sha256")
    .update(Buffer.from(key.split(" ")[1] ?? "", "base64"))
    .digest("base64")
    .replace(/=+$/, "")}`;

const isOf = (line: string, hostname: string): boolean => line.startsWith(`${hostname} `);

const keysOf = (file: string, hostname: string): string[] =>
  lines(file).flatMap((line) => (isOf(line, hostname) ? [line.slice(hostname.length + 1)] : []));

function lines(file: string): string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
}

const write = (file: string, all: readonly string[]): void =>
  writeFileSync(file, all.map((line) => `${line}\n`).join(""));
