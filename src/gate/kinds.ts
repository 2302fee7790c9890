/** Kinds of changes that you have to allow one by one: `--allow NODE:KIND`. */
import type { Impact } from "../provider/impact";

/** What each kind covers, for `--help`. */
export const KINDS = {
  destroy: "destroys the VM and its disks, or another resource",
  replace: "destroys it and creates another",
  "power-cycle": "the apply itself powers the VM off, or off and on",
  start: "starts a VM that is off",
  pending: "waits for the VM's next power-off",
  disk: "detaches a disk from the VM, or may detach one that no plan shows",
  network: "changes a network interface of the running VM",
  device: "changes a USB device or a CD drive of the running VM",
  create: "creates a lost VM again",
  forget: "removes a lost VM from the state",
  fail: "cannot succeed and stops the apply half-way",
  unknown: "an action that the gate does not know",
} as const;

export type Kind = keyof typeof KINDS;

/** The kind of consent that an impact needs, if any: it interrupts the node, removes something from it, or fails. */
export const CONSENT: Readonly<Partial<Record<Impact, Kind>>> = {
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

/** What you can do, other than reverting the change. */
export const REMEDIES: Readonly<Partial<Record<Impact, string>>> = {
  "needs off": "Shut the VM down first, or revert the change",
  "root only": "Set it as root on the PVE node with `qm set` first, or revert the change",
  "second apply": "Apply it twice",
  "boot disk": "Remove it from bootOrder first, in a separate apply",
  "protected disk": "Set protection: false first, in a separate apply",
};

/** A permission, from one `--allow`. */
export interface Permission {
  readonly text: string;
  /** Hostname or resource address. An address may contain colons, as in `vm["a:b"]:destroy`. */
  readonly node: string;
  /** `undefined` if the text has no kind, or an unknown one. */
  readonly kind?: Kind;
}

export function parsePermission(text: string): Permission {
  const colon = text.lastIndexOf(":");
  const kind = text.slice(colon + 1);
  return colon >= 0 && isKind(kind) ? { text, node: text.slice(0, colon), kind } : { text, node: text };
}

const isKind = (word: string): word is Kind => Object.hasOwn(KINDS, word);
