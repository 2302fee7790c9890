import { got } from "../fault";
import { judged } from "./kinds";

/** What the names consist of. Source: pve-common, JSONSchema.pm; pve-access-control, AccessControl.pm. */
const PVE_NAMES = {
  node: /^[A-Za-z0-9-]*$/,
  datastore: /^[A-Za-z0-9._-]*$/,
  pool: /^[A-Za-z0-9._/-]*$/,
  bridge: /^[A-Za-z0-9._-]*$/,
} as const;

/** A token of CDKTF, which stands for what OpenTofu knows later. That it is one of the app's is seen to by the constructs. */
const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;

/** The name of something in Proxmox VE, or a CDKTF token. Text of an owner is nothing that OpenTofu would evaluate. */
export function pveName(kind: keyof typeof PVE_NAMES, example: string) {
  const wish = `the name of a PVE ${kind}`;
  return judged(
    (name) => {
      if (name !== "" && PVE_NAMES[kind].test(name.replace(TOKEN, ""))) return undefined;
      const reference = /[$%]\{/.test(name);
      const way = reference
        ? "; what OpenTofu knows is said by a token, such as stringValue of a variable"
        : "";
      return `should be ${wish}${got(name)}${way}`;
    },
    wish,
    example,
  );
}
