/** The kinds of what a plan does that somebody has to agree to, one by one: `--allow NODE:KIND`. */
import type { Impact } from "../provider/impact";

/** What each covers, for `--help`. */
export const KINDS = {
  destroy: "the VM and its disks, or another resource, are destroyed",
  replace: "the same, and another is made",
  "power-cycle": "the apply itself powers the VM off, or off and on",
  start: "starts a VM that is off",
  pending: "waits for the VM's next power-off",
  disk: "takes a disk from the VM, or may take one that no plan shows",
  network: "changes a network interface of the running VM",
  device: "changes a USB device or a CD drive of the running VM",
  create: "makes anew a VM that is lost",
  forget: "drops from the state a VM that is lost",
  fail: "cannot succeed, and stops the apply half-way",
  unknown: "an action that the gate does not know",
} as const;

export type Kind = keyof typeof KINDS;

/** What a changed attribute is, where somebody has to be asked: it interrupts the node, takes from it, or fails. */
export const ASKED: Readonly<Partial<Record<Impact, Kind>>> = {
  "power-off later": "pending",
  "power-off now": "power-cycle",
  start: "start",
  template: "destroy",
  replacement: "replace",
  "failing replacement": "replace",
  refused: "fail",
  "needs off": "fail",
  "root only": "fail",
  "second apply": "fail",
  "detached disk": "disk",
  "detached disk later": "disk",
  "boot disk": "fail",
  "protected disk": "fail",
  "live interface": "network",
  "live device": "device",
  "host's drive": "device",
};

/** What a person can do about it, beside taking it back. */
export const REMEDIES: Readonly<Partial<Record<Impact, string>>> = {
  "needs off": "Shut the VM down first, or take it back",
  "root only": "Set it as root on the PVE node, by `qm set`, and then here, or take it back",
  "second apply": "Apply it twice",
  "boot disk": "Take it from bootOrder first, in an apply of its own",
  "protected disk": "State protection = false first, in an apply of its own",
};

/** One `--allow`. */
export interface Permission {
  readonly text: string;
  /** Hostname or resource address; an address may have colons of its own, as in `vm["a:b"]:destroy`. */
  readonly node: string;
  /** Not there, or none of the kinds, where somebody has written another. */
  readonly kind?: Kind;
}

export function permissionOf(text: string): Permission {
  const colon = text.lastIndexOf(":");
  const kind = text.slice(colon + 1);
  return colon >= 0 && isKind(kind) ? { text, node: text.slice(0, colon), kind } : { text, node: text };
}

const isKind = (word: string): word is Kind => Object.hasOwn(KINDS, word);
