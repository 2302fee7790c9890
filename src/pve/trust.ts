/** How the provider verifies the server: as programs in Go do, and by the provider's own variables. */
import type { SecureVersion } from "node:tls";
import { trustedAuthorities } from "../base/authorities";

export interface Trust {
  /** Certificates of trusted authorities, as PEM. */
  readonly ca: readonly string[];
  /** Whether the server's certificate is verified. */
  readonly rejectUnauthorized: boolean;
  readonly minVersion: SecureVersion;
}

/** Values of PROXMOX_VE_MIN_TLS. The provider requires 1.3 by default. */
const LEAST_TLS: Readonly<Record<string, SecureVersion>> = {
  "1.0": "TLSv1",
  "1.1": "TLSv1.1",
  "1.2": "TLSv1.2",
};

export function trustOf(env: NodeJS.ProcessEnv): Trust {
  return {
    ca: trustedAuthorities(env),
    rejectUnauthorized: !isTrue(env.PROXMOX_VE_INSECURE),
    minVersion: LEAST_TLS[env.PROXMOX_VE_MIN_TLS ?? ""] ?? "TLSv1.3",
  };
}

/** As the provider parses a boolean variable. */
const isTrue = (value: string | undefined): boolean => value === "true" || value === "1";
