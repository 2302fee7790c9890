import { formatValue } from "../fault";
import { checkedText } from "./kinds";

const PATH = "an absolute path on the hosts, outside /nix/store, such as /var/lib/k3s-secrets/token";

/** Does not repeat a value that is not a path, since it may be the secret itself. */
function secretFileProblem(path: string): string | undefined {
  const expected = `should be ${PATH}`;
  if (!/^(\/[A-Za-z0-9._-]+)+$/.test(path))
    return `${expected}; the value is not shown, since it may be a token`;
  const strange = path.startsWith("/nix/store/") || path.split("/").some((part) => /^\.\.?$/.test(part));
  return strange ? `${expected}, got ${formatValue(path)}` : undefined;
}

/** Path of a file with a secret on the hosts. */
export const secretFile = (example: string) => checkedText(secretFileProblem, PATH, example);
