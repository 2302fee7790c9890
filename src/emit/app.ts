import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../base/user-error";

/** What a program that runs an app asks of its `HostFiles`. */
export interface EmissionOptions {
  /**
   * What its owner gives up: files to be overwritten although they were edited, and Terraform addresses to which a VM
   * was moved in the state.
   */
  readonly accept?: readonly string[];
  /** Write nothing, and fail when a file is not as it would be written. */
  readonly check?: boolean;
  /** A file for an `EmissionReport` as JSON, once the host files are what the app says. */
  readonly report?: string;
}

/** What became of the hosts' files, by their paths from the project. */
export interface EmissionReport {
  readonly written: readonly string[];
  readonly removed: readonly string[];
}

/** Name of the CDK context that holds the options. */
export const HOST_FILES = "hostFiles";

/** CDKTF's variable, by which an app gets its context. */
export const CONTEXT_VARIABLE = "CDKTF_CONTEXT_JSON";

export type Context = Readonly<Record<string, unknown>>;

/** An app's own context, with these options in it: a value of CONTEXT_VARIABLE. */
export const contextJson = (context: Context, options: EmissionOptions): string =>
  JSON.stringify({ ...context, [HOST_FILES]: { ...(context[HOST_FILES] as EmissionOptions), ...options } });

/** The context that this process would give to an app. */
export const contextOfProcess = (): Context => JSON.parse(process.env[CONTEXT_VARIABLE] ?? "{}") as Context;

/**
 * The command that runs a project's app, and the app's context.
 *
 * @throws UserError when `cdktf.json` names no app
 */
export function appOf(project: string): { app: string; context: Context } {
  const path = join(project, "cdktf.json");
  if (!existsSync(path)) throw new UserError("invalid", "cdktf.json is missing");
  const { app, context = {} } = JSON.parse(readFileSync(path, "utf8")) as { app?: string; context?: Context };
  if (!app) throw new UserError("invalid", "cdktf.json names no app");
  return { app, context };
}
