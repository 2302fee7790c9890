import { describeActual } from "../fault";
import { checkedText } from "./kinds";

/** Characters that PVE allows in names. Source: pve-common, JSONSchema.pm; pve-access-control, AccessControl.pm. */
const PVE_NAMES = {
  node: /^[A-Za-z0-9-]*$/,
  datastore: /^[A-Za-z0-9._-]*$/,
  pool: /^[A-Za-z0-9._/-]*$/,
  bridge: /^[A-Za-z0-9._-]*$/,
} as const;

/** A CDKTF token for a value that OpenTofu resolves later. The constructs check that it belongs to the app. */
const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;

/** The name of something in Proxmox VE, or a CDKTF token. Never a text that OpenTofu would evaluate. */
export function pveName(kind: keyof typeof PVE_NAMES, example: string) {
  const expected = `the name of a PVE ${kind}`;
  return checkedText(
    (name) => {
      if (name !== "" && PVE_NAMES[kind].test(name.replace(TOKEN, ""))) return undefined;
      const reference = /[$%]\{/.test(name);
      const way = reference
        ? "; to refer to a value of OpenTofu, pass a token such as stringValue of a TerraformVariable"
        : "";
      return `should be ${expected}${describeActual(name)}${way}`;
    },
    expected,
    example,
  );
}
