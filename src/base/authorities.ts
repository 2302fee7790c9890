/** Authorities whose certificates programs in Go trust, such as K3s and the provider (Go, crypto/x509, root_unix.go, root_linux.go). */
import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";

/** Files with the system's certificates in distributions of Linux. Go uses the first that exists. */
const SYSTEM = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** As PEM: of `SSL_CERT_FILE`, of the system, and Node's own. */
export const trustedAuthorities = (env: NodeJS.ProcessEnv): string[] => [
  ...textOf(env.SSL_CERT_FILE),
  ...SYSTEM.flatMap(textOf)
    .slice(0, 1)
    .concat(...rootCertificates),
];

/** Empty if the file cannot be read. */
function textOf(file: string | undefined): string[] {
  if (file === undefined || file === "") return [];
  try {
    return [readFileSync(file, "utf8")];
  } catch {
    return [];
  }
}
