/** Whom the provider trusts: Go's `crypto/x509`, root_unix.go and root_linux.go, and the provider's own variables. */
import { readFileSync } from "node:fs";
import { rootCertificates, type SecureVersion } from "node:tls";

export interface Trust {
  /** PEM of those whose signature is believed. */
  readonly ca: readonly string[];
  /** Whether a certificate is looked at. */
  readonly rejectUnauthorized: boolean;
  readonly minVersion: SecureVersion;
}

/** Where distributions of Linux have the certificates of the system; Go takes the first. */
const SYSTEM = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** The provider takes no older version unless it is told to. */
const LEAST_TLS: Readonly<Record<string, SecureVersion>> = {
  "1.0": "TLSv1",
  "1.1": "TLSv1.1",
  "1.2": "TLSv1.2",
};

export function trustOf(env: NodeJS.ProcessEnv): Trust {
  return {
    ca: [
      ...textOf(env.SSL_CERT_FILE),
      ...SYSTEM.flatMap(textOf)
        .slice(0, 1)
        .concat(...rootCertificates),
    ],
    rejectUnauthorized: !isTrue(env.PROXMOX_VE_INSECURE),
    minVersion: LEAST_TLS[env.PROXMOX_VE_MIN_TLS ?? ""] ?? "TLSv1.3",
  };
}

/** As the provider reads a variable. */
const isTrue = (value: string | undefined): boolean => value === "true" || value === "1";

/** None where there is no such file. */
function textOf(file: string | undefined): string[] {
  if (file === undefined || file === "") return [];
  try {
    return [readFileSync(file, "utf8")];
  } catch {
    return [];
  }
}
