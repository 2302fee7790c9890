import { printable } from "./printable";

/** Stands where a secret was. */
const BLANK = "[blanked]";

/** What is a secret by its form, whoever made it: private keys, K3s' tokens, credentials of a kubeconfig. */
const BY_FORM: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, BLANK],
  [/K10[0-9a-f]{64}::\S+/g, BLANK],
  [/((?:client-key-data|client-certificate-data):\s*)\S+/g, `$1${BLANK}`],
  // A host that was made by hand may have it in its configuration, as text or within JSON.
  [/(\b(?:agentToken|token)\s*=\s*\\?")(?:[^"\\\n]|\\[^"n])+/g, `$1${BLANK}`],
];

/** Takes secrets, and what a terminal would obey, out of everything that is shown or written down. */
export class Redactor {
  private readonly secrets = new Set<string>();

  /** From now on neither the text nor the password in it gets out. */
  public learn(secret: string): void {
    for (const part of [secret, passwordOf(secret)]) if (part.length > 0) this.secrets.add(part);
  }

  public redact(text: string): string {
    const byForm = BY_FORM.reduce((rest, [form, blank]) => rest.replace(form, blank), printable(text));
    // The longest first: one may be a part of another.
    const known = [...this.secrets].sort((a, b) => b.length - a.length);
    return known.reduce((rest, secret) => rest.replaceAll(secret, BLANK), byForm);
  }
}

/**
 * What of a token is the password. Its long form is `K10<hash of the CA>::<user>:<password>`, and means the same.
 * Source: docs.k3s.io/cli/token
 */
export const passwordOf = (token: string): string => token.replace(/^K10[0-9a-f]+::([^:]+:)?/, "");
