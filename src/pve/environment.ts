/** What the provider reads from the environment to find Proxmox VE. */
import { npmRun } from "../base/command-line";
import { UserError } from "../base/user-error";
import { PveApi } from "./api";
import { trustOf } from "./trust";

/** The provider's format: `USER@REALM!NAME=SECRET`. */
export const TOKEN_FORM = /^(\S+@\S+!\S+)=[a-zA-Z0-9-]+$/;

/** The URL without user name and password. @returns `undefined` for a URL that the provider refuses */
export function originOf(endpoint: string | undefined): string | undefined {
  try {
    const url = new URL(endpoint ?? "");
    return url.protocol === "https:" ? url.origin : undefined;
  } catch {
    return undefined;
  }
}

/** @throws UserError when the environment does not say where Proxmox VE is, or has no token */
export function apiOf(env: NodeJS.ProcessEnv, purpose: string): PveApi {
  const origin = originOf(env.PROXMOX_VE_ENDPOINT);
  const token = env.PROXMOX_VE_API_TOKEN ?? "";
  const missing = [
    ...(origin === undefined ? ["PROXMOX_VE_ENDPOINT"] : []),
    ...(TOKEN_FORM.test(token) ? [] : ["PROXMOX_VE_API_TOKEN"]),
  ];
  if (origin === undefined || missing.length > 0)
    throw new UserError(
      "invalid",
      `${purpose} needs ${missing.join(" and ")}: ${npmRun("doctor")} says what to set`,
    );
  return new PveApi(origin, trustOf(env), token);
}
