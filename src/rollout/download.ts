/** A stream of bytes from a program into a file. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { endGroup, type Captured, type Conversation } from "../base/process";
import { ended } from "./stream";

export interface DownloadOptions {
  /** Standard input of the program. */
  readonly input: string;
  /** After which it is killed. */
  readonly seconds: number;
  /** It is killed when it sends more. */
  readonly bytes: number;
  /** Hears how many bytes have arrived so far. */
  readonly onBytes: (arrived: number) => void;
}

export interface Downloaded {
  /** How the program ended, without its standard output, which is the stream. */
  readonly source: Captured;
  readonly bytes: number;
  readonly sha256: string;
  readonly isLate: boolean;
}

/** Writes the standard output of a program to a new file that only its owner can read, and hashes it meanwhile. */
export async function download(
  source: Conversation,
  path: string,
  { input, seconds, bytes, onBytes }: DownloadOptions,
): Promise<Downloaded> {
  const end = ended(source, ["stderr"]);
  const hash = createHash("sha256");
  let arrived = 0;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    endGroup(source);
  }, seconds * 1000);
  // The end of the program reports what is wrong with its pipes.
  source.stdin.on("error", () => undefined);
  source.stdin.end(input);
  try {
    const file = await open(path, "wx", 0o600);
    try {
      for await (const chunk of source.stdout as AsyncIterable<Buffer>) {
        arrived += chunk.length;
        if (arrived > bytes) break;
        hash.update(chunk);
        await file.writeFile(chunk);
        onBytes(arrived);
      }
    } finally {
      await file.close();
    }
  } finally {
    clearTimeout(timer);
    // After more bytes than announced, or when the disk is full, nobody reads what it still has to send.
    if (arrived !== bytes) endGroup(source);
  }
  return { source: await end, bytes: arrived, sha256: hash.digest("hex"), isLate };
}
