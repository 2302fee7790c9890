/** Which certificates the provider trusts: Go's `crypto/x509`, root_unix.go and root_linux.go, and the provider's own variables. */
import { readFileSync } from "node:fs";
import { rootCertificates, type SecureVersion } from "node:tls";

export interface Trust {
  /** Certificates of trusted authorities, as PEM. */
  readonly ca: readonly string[];
  /** Whether the server's certificate is verified. */
  readonly rejectUnauthorized: boolean;
  readonly minVersion: SecureVersion;
}

/** Files with the system's certificates in distributions of Linux. Go uses the first that exists. */
const SYSTEM = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** Values of PROXMOX_VE_MIN_TLS. The provider requires 1.3 by default. */
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

/** As the provider parses a boolean variable. */
const isTrue = (value: string | undefined): boolean => value === "true" || value === "1";

/** Empty if the file cannot be read. */
function textOf(file: string | undefined): string[] {
  if (file === undefined || file === "") return [];
  try {
    return [readFileSync(file, "utf8")];
  } catch {
    return [];
  }
}
