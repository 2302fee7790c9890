import type { Faults } from "./fault";

/** Construct ids end up in Terraform names and folder names, so they keep to what both take. */
const CONSTRUCT_ID = /^[a-z][a-z0-9_-]*$/;

/** RFC 1123 label in the lower case that Kubernetes wants of a node name. */
const HOSTNAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** `k3s-agent-1` → `k3s_agent_1`: the name that state already holds for it. */
export const terraformName = (id: string): string => id.replaceAll("-", "_");

export function checkNames(
  names: { id: string; hostname: unknown; formerId?: unknown; directory?: unknown },
  faults: Faults,
): void {
  const id = "lower-case letters, digits, - and _, a letter first";
  faults.unlessMatches("construct id", names.id, CONSTRUCT_ID, id);
  faults.unlessMatches("hostname", names.hostname, HOSTNAME, "an RFC 1123 label: 1 to 63 of a-z, 0-9 and -");
  if (names.formerId !== undefined) faults.unlessMatches("formerId", names.formerId, CONSTRUCT_ID, id);
  if (names.directory !== undefined) {
    faults.unlessMatches(
      "directory",
      names.directory,
      /^[a-z0-9][a-z0-9_-]*$/,
      "one folder name in lower case",
    );
  }
}
