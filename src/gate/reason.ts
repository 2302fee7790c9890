import type { Kind } from "./kinds";
import { subjectLabel, type Subject } from "./subject";

/** A change that you have to allow. */
export interface Reason {
  readonly address: string;
  readonly hostname?: string;
  readonly vmId?: number;
  /** The attribute, if one is the reason: `cpu.cores`. */
  readonly attribute?: string;
  readonly kind: Kind;
  /** The problem, as one sentence. */
  readonly words: string;
  /** What to do, other than reverting the change. */
  readonly remedy?: string;
  /** The argument of `--allow`: `hamal:pending`. */
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
  words: `${subjectLabel(subject)}${words}`,
  allow: `${subject.hostname ?? subject.address}:${kind}`,
});
