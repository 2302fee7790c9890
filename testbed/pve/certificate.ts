import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** PEM. */
export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** What signed it, as `/etc/pve/pve-root-ca.pem`. */
  readonly ca: Buffer;
}

/** For 127.0.0.1, signed by a private CA, as Proxmox VE has after its installation. */
export function ownCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), "pve-"));
  const file = (name: string): string => join(folder, name);
  try {
    issue(file("ca"), "/CN=Proxmox Virtual Environment");
    const signed = ["-CA", file("ca.pem"), "-CAkey", file("ca.key")];
    const extensions = ["subjectAltName=IP:127.0.0.1", "basicConstraints=critical,CA:FALSE"];
    issue(file("pve"), "/CN=pve", ...signed, ...extensions.flatMap((extension) => ["-addext", extension]));
    const [key, cert, ca] = ["pve.key", "pve.pem", "ca.pem"].map((name) => readFileSync(file(name)));
    return { key, cert, ca } as Certificate;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function issue(path: string, subject: string, ...words: readonly string[]): void {
  const kind = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1".split(" ");
  const files = ["-keyout", `${path}.key`, "-out", `${path}.pem`];
  execFileSync("openssl", [...kind, "-subj", subject, ...words, ...files], { stdio: "pipe" });
}
