import { printable } from "../base/printable";
import { passwordOf } from "../config/secrets";

/** Replaces a secret. */
const BLANK = "[blanked]";

/** Secrets that are recognized by their form: private keys, K3s tokens, credentials of a kubeconfig. */
const BY_FORM: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, BLANK],
  [/K10[0-9a-f]{64}::\S+/g, BLANK],
  [/((?:client-key-data|client-certificate-data):\s*)\S+/g, `$1${BLANK}`],
  // A host that was configured by hand may have a token in its configuration, as text or inside JSON.
  [/(\b(?:agentToken|token)\s*=\s*\\?")(?:[^"\\\n]|\\[^"n])+/g, `$1${BLANK}`],
];

/** Removes secrets, and characters that a terminal would interpret, from everything that is shown or logged. */
export class Redactor {
  private readonly secrets = new Set<string>();

  /** Redacts the text, and the password in it, from now on. */
  public learn(secret: string): void {
    for (const part of [secret, passwordOf(secret)]) if (part.length > 0) this.secrets.add(part);
  }

  public redact(text: string): string {
    const byForm = BY_FORM.reduce((rest, [form, blank]) => rest.replace(form, blank), printable(text));
    // The longest first: one may contain another.
    const known = [...this.secrets].sort((a, b) => b.length - a.length);
    return known.reduce((rest, secret) => rest.replaceAll(secret, BLANK), byForm);
  }
}
