/** Secrets in an image's bytes, whatever its filesystems are and whether a file still has them. */
import { UserError } from "../base/user-error";
import type { Image } from "./image";

export type SecretKind = "private key" | "K3s token";

/** A secret, by its place: its text goes nowhere. */
export interface Trace {
  readonly kind: SecretKind;
  /** Where it begins in the image, in bytes. */
  readonly offset: number;
}

interface Pattern {
  readonly kind: SecretKind;
  /** What is searched for: rare, so that the search is quick. */
  readonly needle: string;
  /** How far before the needle the secret begins. */
  readonly lead: number;
  /** The secret from its beginning. */
  readonly form: RegExp;
}

/**
 * A key has base64 below its first line, which programs such as ssh-keygen contain alone. K3s writes its tokens with the hash of
 * the CA before them (docs.k3s.io/cli/token); 67 characters of it are before `::`.
 */
const PATTERNS: readonly Pattern[] = [
  {
    kind: "private key",
    needle: "-----BEGIN ",
    lead: 0,
    form: /^-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\r?\n[A-Za-z0-9+/]{40}/,
  },
  ...["::server:", "::node:"].map((needle) => ({
    kind: "K3s token" as const,
    needle,
    lead: 67,
    form: /^K10[0-9a-f]{64}::[a-z]+:[!-~]/,
  })),
];

const CHUNK = 4 * 1024 * 1024;
/** More than a pattern needs before or behind its needle. */
const REACH = 256;

/** So that no image fills the memory. */
export const MOST_TRACES = 1000;

/**
 * Reads the whole image once, in chunks.
 *
 * @param onRead - hears how many bytes were read so far
 * @returns at most `MOST_TRACES`, by their place
 */
export async function tracesIn(
  { file, path }: Image,
  stop: AbortSignal,
  onRead: (bytes: number) => void = () => undefined,
): Promise<Trace[]> {
  const traces: Trace[] = [];
  const buffer = Buffer.alloc(CHUNK + 2 * REACH);
  /** Of the buffer's first byte in the image; bytes of the buffer that are filled, and that were searched before. */
  let [start, filled, searched] = [0, 0, 0];
  for (;;) {
    if (stop.aborted) throw new UserError("interrupted", `Stopped before all of ${path} was read`);
    const { bytesRead } = await file.read(buffer, filled, CHUNK, start + filled);
    filled += bytesRead;
    onRead(start + filled);
    // What follows the last needles has to be there.
    const end = bytesRead === 0 ? filled : Math.max(searched, filled - REACH);
    traces.push(...tracesBetween(buffer.subarray(0, filled), searched, end, start));
    if (bytesRead === 0 || traces.length >= MOST_TRACES) break;
    const kept = Math.max(0, end - REACH);
    buffer.copyWithin(0, kept, filled);
    [start, filled, searched] = [start + kept, filled - kept, end - kept];
  }
  return traces.sort((a, b) => a.offset - b.offset).slice(0, MOST_TRACES);
}

/** Those whose needle begins in a range of the bytes. */
function tracesBetween(bytes: Buffer, from: number, to: number, start: number): Trace[] {
  return PATTERNS.flatMap(({ kind, needle, lead, form }) => {
    const found: Trace[] = [];
    for (let at = bytes.indexOf(needle, from); at >= 0 && at < to; at = bytes.indexOf(needle, at + 1)) {
      const begin = at - lead;
      if (begin >= 0 && form.test(bytes.toString("latin1", begin, begin + REACH)))
        found.push({ kind, offset: start + begin });
    }
    return found;
  });
}
