import type { Kind } from "./kinds";
import { subjectInWords, type Subject } from "./subject";

/** What somebody has to agree to. */
export interface Reason {
  readonly address: string;
  readonly hostname?: string;
  readonly vmId?: number;
  /** Where one attribute is the reason: `cpu.cores`. */
  readonly attribute?: string;
  readonly kind: Kind;
  /** One sentence, without what to do. */
  readonly words: string;
  /** What to do about it, where there is more to do than to take it back. */
  readonly remedy?: string;
  /** What `--allow` has to say: `hamal:pending`. */
  readonly allow: string;
}

interface Details {
  readonly attribute?: string;
  readonly remedy?: string;
}

export const reasonFor = (subject: Subject, kind: Kind, words: string, details: Details = {}): Reason => ({
  address: subject.address,
  hostname: subject.hostname,
  vmId: subject.vmId,
  ...details,
  kind,
  words: `${subjectInWords(subject)}${words}`,
  allow: `${subject.hostname ?? subject.address}:${kind}`,
});
