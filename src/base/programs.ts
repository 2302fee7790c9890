import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { UserError } from "./user-error";

/** Where a program is that would be started by this name: nothing is started. @returns `undefined` where there is none */
export function programPath(name: string, path: string | undefined = process.env.PATH): string | undefined {
  const places = name.includes("/")
    ? [name]
    : (path ?? "").split(delimiter).map((folder) => join(folder, name));
  return places.find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** OpenTofu: `tofu`, or what TERRAFORM_BINARY_NAME says. */
export const openTofu = (env: NodeJS.ProcessEnv = process.env): string => env.TERRAFORM_BINARY_NAME ?? "tofu";

/** What to do without it. */
export const INSTALL_OPENTOFU =
  "install OpenTofu 1.10 or later, or set TERRAFORM_BINARY_NAME to the program that you have";

/** Before anything is done that would be for nothing without OpenTofu. @throws UserError `failed` where it is not there */
export function mustHaveOpenTofu(): void {
  const name = openTofu();
  if (programPath(name) !== undefined) return;
  throw new UserError("failed", `${name} is not in PATH`, { remedy: INSTALL_OPENTOFU });
}
