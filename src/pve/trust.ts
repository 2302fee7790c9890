/** How the provider verifies the server: as programs in Go do, and by the provider's own variables. */
import { createSecureContext, type SecureContext, type SecureVersion } from "node:tls";
import { trustedAuthorities } from "../base/authorities";

export interface Trust {
  /** With the trusted authorities, and the least version of TLS. One for all connections: Node takes 0.1 s to read the authorities. */
  readonly secureContext: SecureContext;
  /** Whether the server's certificate is verified. */
  readonly rejectUnauthorized: boolean;
}

/** Values of PROXMOX_VE_MIN_TLS. The provider requires 1.3 by default. */
const LEAST_TLS: Readonly<Record<string, SecureVersion>> = {
  "1.0": "TLSv1",
  "1.1": "TLSv1.1",
  "1.2": "TLSv1.2",
};

export function trustOf(env: NodeJS.ProcessEnv): Trust {
  return {
    secureContext: createSecureContext({
      ca: trustedAuthorities(env),
      minVersion: LEAST_TLS[env.PROXMOX_VE_MIN_TLS ?? ""] ?? "TLSv1.3",
    }),
    rejectUnauthorized: !isTrue(env.PROXMOX_VE_INSECURE),
  };
}

/** As the provider parses a boolean variable. */
const isTrue = (value: string | undefined): boolean => value === "true" || value === "1";
