/** What a program prints, in a file. */
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { endGroup, type Captured, type Recorded } from "../base/process";
import { ended, TimeLimit } from "./stream";

export interface DownloadOptions {
  /** Standard input of the program. */
  readonly input: string;
  /** After which it is killed. */
  readonly seconds: number;
  /** It is killed when it has sent more. */
  readonly bytes: number;
  /** Hears how many bytes have arrived so far. */
  readonly onBytes: (arrived: number) => void;
}

export interface Downloaded {
  readonly source: Recorded;
  /** How it ended, without its standard output. */
  readonly end: Captured;
  readonly bytes: number;
  readonly sha256: string;
  readonly isLate: boolean;
}

/** How often the file is looked at. */
const LOOK_MS = 100;

/**
 * Has a program write to a new file that only its owner can read, and hashes what has arrived from time to time: no byte passes
 * through this process on its way, which on a small machine would take the time that the decryption needs.
 */
export async function download(
  start: (descriptor: number) => Recorded,
  path: string,
  { input, seconds, bytes, onBytes }: DownloadOptions,
): Promise<Downloaded> {
  const descriptor = openSync(path, "wx+", 0o600);
  try {
    const arrived = new Arrived(descriptor);
    const source = start(descriptor);
    const limit = new TimeLimit([source], seconds);
    const looks = setInterval(() => {
      onBytes(arrived.look());
      if (arrived.bytes > bytes) endGroup(source);
    }, LOOK_MS);
    const end = ended(source, ["stderr"]);
    // The end of the program reports what is wrong with its pipes.
    source.stdin.on("error", () => undefined);
    source.stdin.end(input);
    const captured = await end;
    limit.clear();
    clearInterval(looks);
    return { source, end: captured, bytes: arrived.look(), sha256: arrived.sha256(), isLate: limit.isLate };
  } finally {
    closeSync(descriptor);
  }
}

/** What of a growing file has been hashed. */
class Arrived {
  public bytes = 0;
  private readonly hash = createHash("sha256");
  private readonly buffer = Buffer.allocUnsafe(1024 * 1024);

  public constructor(private readonly descriptor: number) {}

  /** Hashes what is new. @returns how much there is */
  public look(): number {
    for (;;) {
      const read = readSync(this.descriptor, this.buffer, 0, this.buffer.length, this.bytes);
      if (read === 0) return this.bytes;
      this.hash.update(this.buffer.subarray(0, read));
      this.bytes += read;
    }
  }

  public sha256(): string {
    return this.hash.digest("hex");
  }
}
