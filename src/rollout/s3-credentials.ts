import { UserError } from "../base/user-error";
import type { AccessKeys } from "../s3/bucket";

const KEYS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/** Characters that need no quotes, neither for systemd (systemd.exec, `EnvironmentFile=`) nor for a shell. */
const LINE = /^([A-Z_]+)=([A-Za-z0-9/+=._-]{4,256})$/;

/**
 * The lines of a file with S3 credentials. K3s reads these two variables from its environment (k3s, pkg/cli/cmds/server.go,
 * `etcd-s3-access-key` and `etcd-s3-secret-key`). Others would reach K3s too, such as K3S_TOKEN, so they are refused.
 *
 * @returns the text as it is delivered, and the values, which are secret
 * @throws UserError `invalid`, without any of the text
 */
export function s3Credentials(text: string): { readonly text: string; readonly values: readonly string[] } {
  const lines = text.split("\n").map((line) => line.trim());
  const pairs = lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => LINE.exec(line)?.slice(1) ?? []);
  const names = pairs.map(([name = ""]) => name);
  if (names.length !== KEYS.length || !KEYS.every((key) => names.includes(key))) {
    throw new UserError(
      "invalid",
      `The S3 credentials should be the two lines ${KEYS.map((key) => `${key}=…`).join(" and ")}, without quotes and spaces; ` +
        "the text is not shown",
    );
  }
  return {
    text: pairs.map(([name, value]) => `${name}=${value}`).join("\n"),
    values: pairs.map(([, value = ""]) => value),
  };
}

/** The two values. @param text - as `s3Credentials` returns it */
export function accessKeys(text: string): AccessKeys {
  const valueOf = (name: string): string =>
    text
      .split("\n")
      .find((line) => line.startsWith(`${name}=`))
      ?.slice(name.length + 1) ?? "";
  return { accessKeyId: valueOf("AWS_ACCESS_KEY_ID"), secretAccessKey: valueOf("AWS_SECRET_ACCESS_KEY") };
}
