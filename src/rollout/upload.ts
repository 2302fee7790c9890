/** A file as the standard input of a program. */
import { createReadStream } from "node:fs";
import type { Captured, Conversation } from "../base/process";
import { ended, TimeLimit } from "./stream";

export interface UploadOptions {
  /** After which the program is killed. */
  readonly seconds: number;
  /** Hears how many bytes have been sent so far. */
  readonly onBytes: (sent: number) => void;
}

export interface Uploaded {
  /** How the program ended. */
  readonly sink: Captured;
  readonly isLate: boolean;
}

/** The program has to check what arrives: a file that cannot be read to its end ends its input. */
export async function upload(
  path: string,
  sink: Conversation,
  { seconds, onBytes }: UploadOptions,
): Promise<Uploaded> {
  const limit = new TimeLimit([sink], seconds);
  // The end of the program reports what is wrong with its pipe.
  sink.stdin.on("error", () => undefined);
  const file = createReadStream(path);
  file.on("error", () => sink.stdin.end());
  let sent = 0;
  file.on("data", (chunk) => onBytes((sent += chunk.length)));
  file.pipe(sink.stdin);
  try {
    const end = await ended(sink, ["stdout", "stderr"]);
    return { sink: end, isLate: limit.isLate };
  } finally {
    limit.clear();
    file.destroy();
  }
}
