import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { capture } from "../base/process";
import { messageOf, UserError } from "../base/user-error";
import { passedVariables } from "./confinement";
import { cached } from "./package-cache";

const LOCK_FILE = "package-lock.json";
const MODULES = "node_modules";

/** The project, and the folders with its files of both versions. */
interface Folders {
  readonly project: string;
  readonly working: string;
  readonly base: string;
}

/** The packages that the base's app runs with. */
export interface BasePackages {
  /** Its own `node_modules`. @default - those of the working tree */
  readonly modules?: string;
  /** What a reader should know about them. @default - the lock files install the same */
  readonly note?: string;
}

/**
 * Where the base's lock file installs other packages than the working tree's, installs them into a cache: by the user's npm,
 * and without running scripts of packages.
 *
 * @param started - called before an install, which takes seconds
 * @param signal - ends the install
 * @throws UserError `interrupted`; any other failure is a note
 */
export async function basePackages(
  { project, working, base }: Folders,
  started: () => void,
  signal: AbortSignal,
): Promise<BasePackages> {
  const [was, is] = [textOf(base, LOCK_FILE), textOf(working, LOCK_FILE)];
  if (was === undefined || was === is) return {};
  try {
    if (is !== undefined && installedBy(was) === installedBy(is)) return {};
    refuseLinks(was);
    // Some packages have another build for each platform.
    const folder = await cached(`${process.platform} ${process.arch} ${installedBy(was)}`, (making) => {
      started();
      return install(making, base, project, signal);
    });
    return {
      modules: join(folder, MODULES),
      note: `${LOCK_FILE} differs: the base ran with its own packages.`,
    };
  } catch (error) {
    if (signal.aborted) throw error;
    const [reason = ""] = messageOf(error).trim().split("\n");
    return {
      note:
        `${LOCK_FILE} differs, but the base ran with this tree's packages, so what other packages change is not shown: ` +
        `the base's could not be installed (${reason.replaceAll("`", "'")}).`,
    };
  }
}

interface Lock {
  readonly name?: string;
  readonly version?: string;
  readonly packages?: Readonly<Record<string, { readonly link?: boolean } | undefined>>;
}

/** All of a lock file but the project itself, which may have a new version. */
function installedBy(lock: string): string {
  const { packages, ...rest } = JSON.parse(lock) as Lock;
  return JSON.stringify({
    ...rest,
    name: undefined,
    version: undefined,
    packages: { ...packages, "": undefined },
  });
}

/** npm would link to a folder of the cache, which has no such files. */
function refuseLinks(lock: string): void {
  const { packages = {} } = JSON.parse(lock) as Lock;
  const link = Object.keys(packages).find((path) => packages[path]?.link === true);
  if (link !== undefined) throw new UserError("failed", `${link} is a link to a folder`);
}

async function install(folder: string, base: string, project: string, signal: AbortSignal): Promise<void> {
  for (const name of [LOCK_FILE, "package.json"]) {
    const text = textOf(base, name);
    if (text !== undefined) writeFileSync(join(folder, name), withAbsolutePaths(text, base, project));
  }
  const npmrc = textOf(base, ".npmrc");
  if (npmrc !== undefined) writeFileSync(join(folder, ".npmrc"), npmrc);
  const { status, stderr } = await capture("npm", NPM_CI, { cwd: folder, env: npmEnvironment(), signal });
  if (status !== 0) throw new UserError("failed", stderr.trim() || `npm ci exited with ${status}`);
  // npm makes no folder for a project that depends on nothing.
  mkdirSync(join(folder, MODULES), { recursive: true });
}

const NPM_CI = [
  "ci",
  "--ignore-scripts",
  "--prefer-offline",
  "--no-audit",
  "--no-fund",
  "--loglevel=error",
  // By default npm waits over a minute for a registry that it cannot reach.
  "--fetch-retries=1",
  "--fetch-retry-mintimeout=1000",
];

/** Variables with npm's settings, and with the way to a registry: none with credentials of Proxmox VE. */
const OF_NPM =
  /^(npm_config_.*|(https?|no)_proxy|HOME|NODE_AUTH_TOKEN|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR))$/i;

const npmEnvironment = (): NodeJS.ProcessEnv => ({
  ...passedVariables(),
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => OF_NPM.test(name))),
});

/** Paths of `file:` are relative to the project. They name a file of the base, or one that git does not know. */
function withAbsolutePaths(json: string, base: string, project: string): string {
  const absolute = (path: string): string =>
    [base, project].map((folder) => resolve(folder, path)).find(existsSync) ?? path;
  const replaced = (_: string, value: unknown): unknown =>
    typeof value === "string" && value.startsWith("file:") ? `file:${absolute(value.slice(5))}` : value;
  return JSON.stringify(JSON.parse(json, replaced));
}

function textOf(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
