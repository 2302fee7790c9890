import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../base/user-error";

/** Options that a program passes to the `HostFiles` of an app that it runs. */
export interface EmissionOptions {
  /**
   * Edited files that may be overwritten, and Terraform addresses to which the owner has moved a VM in the state.
   */
  readonly accept?: readonly string[];
  /** Write nothing, and fail if a file is stale. */
  readonly check?: boolean;
  /** A file for an `EmissionReport` as JSON, to create once the host files are up to date. */
  readonly report?: string;
}

/** What became of the hosts' files, by their paths from the project. */
export interface EmissionReport {
  /** Folders of the app's clusters. */
  readonly folders: readonly string[];
  readonly written: readonly string[];
  readonly removed: readonly string[];
}

/** Name of the CDK context that holds the options. */
export const HOST_FILES = "hostFiles";

/** CDKTF's environment variable for the context of an app. */
export const CONTEXT_VARIABLE = "CDKTF_CONTEXT_JSON";

export type Context = Readonly<Record<string, unknown>>;

/** Adds the options to an app's own context; the result is a value of CONTEXT_VARIABLE. */
export const contextJson = (context: Context, options: EmissionOptions): string =>
  JSON.stringify({ ...context, [HOST_FILES]: { ...(context[HOST_FILES] as EmissionOptions), ...options } });

/** The context that an app would inherit from this process. */
export const contextOfProcess = (): Context => JSON.parse(process.env[CONTEXT_VARIABLE] ?? "{}") as Context;

/**
 * The command that runs a project's app, and the app's context.
 *
 * @throws UserError if `cdktf.json` is missing or has no app
 */
export function appOf(project: string): { app: string; context: Context } {
  const path = join(project, "cdktf.json");
  if (!existsSync(path)) throw new UserError("invalid", "cdktf.json is missing");
  const { app, context = {} } = JSON.parse(readFileSync(path, "utf8")) as { app?: string; context?: Context };
  if (!app) throw new UserError("invalid", "cdktf.json names no app");
  return { app, context };
}
