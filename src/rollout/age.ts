import { converse } from "../base/process";
import { mustHave } from "../base/programs";
import { UserError } from "../base/user-error";
import { ended } from "./stream";

/**
 * Encrypts a text with the program age, which reads it from its standard input.
 *
 * @returns the armored text
 * @throws UserError `failed`
 */
export async function encrypt(text: string, recipients: readonly string[]): Promise<string> {
  mustHave("age", "a backup with rollout.backup.recipients");
  const to = recipients.flatMap((recipient) => ["--recipient", recipient]);
  const child = converse("age", ["--encrypt", "--armor", ...to]);
  const end = ended(child, ["stdout", "stderr"]);
  // Its end reports why it no longer reads.
  child.stdin.on("error", () => undefined);
  child.stdin.end(text);
  const { status, stdout, stderr } = await end;
  if (status === 0 && stdout.startsWith("-----BEGIN AGE ENCRYPTED FILE-----")) return stdout;
  throw new UserError(
    "failed",
    `age does not encrypt the join token: ${stderr.trim() || `it exited with ${status}`}`,
    {
      remedy: "correct rollout.backup.recipients in main.ts",
    },
  );
}
