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

/** How to get each program that a command needs, as text that follows a colon. */
export const INSTALL = {
  age: "install it with your package manager (age on Debian and Ubuntu)",
  curl: "install it with your package manager",
  git: "install it from git-scm.com or with your package manager",
  nixPrefetchUrl:
    "install Nix (nix-bin on Debian and Ubuntu), or run it where Nix is, with nix/cluster.json beside it, and copy nixpkgs.json here",
  nixBuild:
    "install Nix (nix-bin on Debian and Ubuntu), or set rollout.build to the hostname of a host, which has it",
  npm: "install Node.js from nodejs.org, which contains it",
  openTofu: "install OpenTofu 1.10 or later, or set TERRAFORM_BINARY_NAME to the program that you have",
  ssh: "install the OpenSSH client (openssh-client on Debian and Ubuntu)",
} as const;

function nameOf(program: keyof typeof INSTALL): string {
  if (program === "openTofu") return openTofu();
  if (program === "nixBuild") return "nix-build";
  return program === "nixPrefetchUrl" ? "nix-prefetch-url" : program;
}

/** What is wrong where the program is not there. @returns `undefined` where it is. @param user - what needs it */
export function missing(program: keyof typeof INSTALL, user: string): UserError | undefined {
  const name = nameOf(program);
  if (programPath(name) !== undefined) return undefined;
  return new UserError("failed", `${name} is not in PATH, and ${user} needs it`, {
    remedy: INSTALL[program],
  });
}

/**
 * Before a command does anything that would be for nothing without the program.
 *
 * @param user - what needs it, such as `a preview`
 * @throws UserError `failed` where the program is not there
 */
export function mustHave(program: keyof typeof INSTALL, user: string): void {
  const error = missing(program, user);
  if (error !== undefined) throw error;
}
