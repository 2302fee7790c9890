import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { UserError } from "../base/user-error";
import {
  appOf,
  CONTEXT_VARIABLE,
  contextJson,
  contextOfProcess,
  type EmissionOptions,
  type EmissionReport,
} from "../emit/app";
import { manifestIn, OUTPUT } from "../emit/manifest";
import "./cdktf-on-newer-node";

const MAIN = "main.ts";

/** A variable, since the package has no types. */
const TYPESCRIPT_LOADER: string = "tsx";

/** CDKTF's variable for the folder that an app writes its OpenTofu JSON to. */
const OUTDIR_VARIABLE = "CDKTF_OUTDIR";

export const outputFolder = (): string => process.env[OUTDIR_VARIABLE] ?? OUTPUT;

/** @throws UserError when there is no `main.ts` here, and whatever `main.ts` throws */
export async function importMain(): Promise<void> {
  mustBeProject();
  // Node reads no TypeScript. Whatever is loaded after tsx, tsx reads too, which takes longer than to run it: CDKTF comes before.
  await import("../../constructs/index.js");
  await import(TYPESCRIPT_LOADER);
  await import(pathToFileURL(MAIN).href);
}

function mustBeProject(): void {
  if (existsSync(MAIN)) return;
  throw new UserError("usage", `there is no ${MAIN} in ${process.cwd()}`, {
    remedy: "run this in the project's folder",
  });
}

/**
 * Runs `main.ts` in this process, with the context of `cdktf.json` as the CDKTF CLI would.
 *
 * @param outdir - for its OpenTofu JSON
 * @returns which host files were written and removed
 * @throws UserError when it does not synthesize, or has no `HostFiles`
 */
export async function runMain(
  outdir: string,
  options: Omit<EmissionOptions, "report">,
): Promise<EmissionReport> {
  mustBeProject();
  const folder = mkdtempSync(join(tmpdir(), "k3s-app-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const report = join(folder, "report.json");
  const manifest = manifestIn(outdir);
  const before = writtenAt(manifest);
  process.env[OUTDIR_VARIABLE] = resolve(outdir);
  const context = { ...contextOfProcess(), ...appOf(".").context };
  process.env[CONTEXT_VARIABLE] = contextJson(context, { ...options, report });
  await importMain();
  if (writtenAt(manifest) === before)
    throw new UserError("invalid", `${MAIN} synthesizes nothing`, { remedy: "end it with app.synth()" });
  if (!existsSync(report))
    throw new UserError("invalid", `${MAIN} emits no host files`, {
      remedy: "add a HostFiles to the cluster",
    });
  return JSON.parse(readFileSync(report, "utf8")) as EmissionReport;
}

const writtenAt = (file: string): bigint | undefined =>
  statSync(file, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
