import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { capture } from "../base/process";
import { UserError } from "../base/user-error";
import { authorizedKeys, checkAuthorizedKeys } from "../config/ssh-keys";
import { Faults } from "../config/fault";

/** Your own public SSH keys: those in the agent and those in `~/.ssh`, without duplicates. */
export async function ownPublicKeys(home: string, env = process.env): Promise<string[]> {
  const agent = await keysOfAgent(env);
  const folder = join(home, ".ssh");
  const files = filesIn(folder).filter((name) => name.endsWith(".pub"));
  const all = [...agent, ...files.flatMap((name) => keysOf(join(folder, name)))];
  const keyOf = (line: string): string => line.split(" ").slice(0, 2).join(" ");
  return all.filter((line, index) => all.findIndex((other) => keyOf(other) === keyOf(line)) === index);
}

/**
 * Public SSH keys in a file given on the command line.
 *
 * @throws UserError when it cannot be read, or contains anything else
 */
export function keysIn(file: string): string[] {
  const keys = authorizedKeys(read(file));
  const faults = new Faults();
  checkAuthorizedKeys(keys, file, faults);
  if (faults.all.length > 0)
    throw new UserError("usage", faults.all.map(({ sentence }) => `--ssh-key: ${sentence}`).join("\n"));
  return keys;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new UserError("usage", `--ssh-key ${file} cannot be read`, { cause });
  }
}

/** Empty when the file is not a list of public keys. */
function keysOf(file: string): string[] {
  try {
    return keysIn(file);
  } catch {
    return [];
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Empty when there is no agent, or it does not answer. */
export async function keysOfAgent(env: NodeJS.ProcessEnv): Promise<string[]> {
  try {
    const { status, stdout } = await capture("ssh-add", ["-L"], { env, signal: AbortSignal.timeout(5_000) });
    return status === 0 ? authorizedKeys(stdout) : [];
  } catch {
    return [];
  }
}
