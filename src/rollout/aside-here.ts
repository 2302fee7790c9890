/** A snapshot restored on the operator's own machine, with a K3s of the operator, and tried there. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { capture } from "../base/process";
import { programPath } from "../base/programs";
import { ASIDE_LIMITS, filesAside, TRY_SECONDS } from "../config/k3s-aside";
import type { Node } from "../config/model";
import { THIS_MACHINE } from "../config/rollout";
import { emittedFlagsAside, programAside } from "../render/drill";
import { triedIn, type Tried, type TrialPlace } from "./aside";
import type { Description } from "./description";
import type { Log } from "./log";
import { ThisMachine } from "./machine";
import type { Restorable } from "./restorable";
import { isSameMinor, minorOf } from "./version";

const PROGRAMS = ["ip", "mount", "ps", "setsid", "unshare"];

/** Folder that K3s' data is below, and that is hidden from the K3s which is tried. */
const HIDDEN = "/var/lib/";
/** K3s' own configuration, which is hidden too (`remote/try-here.sh`). */
const HIDDEN_CONFIGURATION = "/etc/rancher/";

const isRoot = (): boolean => process.getuid?.() === 0;

/** Options of unshare with which anybody may make namespaces, where the kernel allows it. */
const AS_ANYBODY = "--user --map-root-user";

/** @param stated - path of K3s. @default - in PATH */
export const k3sHere = (stated: string | undefined): string | undefined => {
  const path = programPath(stated ?? "k3s");
  return path === undefined ? undefined : resolve(path);
};

/**
 * Why a backup cannot be tried on this machine.
 *
 * @param flags - of the server whose flags it gets
 * @param k3s - its path. @default - there is none
 */
export async function hereFaults(
  { backup }: Restorable,
  flags: readonly string[],
  k3s: string | undefined,
  platform: NodeJS.Platform = process.platform,
): Promise<string[]> {
  if (platform !== "linux")
    return ["this machine has no Linux, which K3s needs: leave --here out, and it is tried on a host"];
  const absent = PROGRAMS.filter((name) => programPath(name) === undefined);
  const words = ["--mount", "--net", "--pid", "--fork", "true"];
  const mayUnshare =
    absent.includes("unshare") ||
    (await capture("unshare", isRoot() ? words : [...AS_ANYBODY.split(" "), ...words])).status === 0;
  return [
    ...absent.map(
      (name) =>
        `${name} is not in PATH: install it with your package manager (iproute2, procps or util-linux)`,
    ),
    ...(mayUnshare ? [] : ["this machine does not let you make namespaces: run it as root"]),
    ...(tmpdir().startsWith(HIDDEN)
      ? [`TMPDIR is ${tmpdir()}, which is hidden from K3s with all of ${HIDDEN}: set it to another folder`]
      : []),
    ...filesAside(flags).flatMap(({ flag, path }) =>
      existsSync(path) && !path.startsWith(HIDDEN) && !path.startsWith(HIDDEN_CONFIGURATION)
        ? []
        : [`${flag} names a file of the hosts, which K3s does not have here: try the backup on a host`],
    ),
    ...(await k3sFaults(backup.manifest.k3sVersion, k3s)),
  ];
}

async function k3sFaults(wanted: string, k3s: string | undefined): Promise<string[]> {
  const remedy = `name one of K3s ${minorOf(wanted)} with --k3s`;
  if (k3s === undefined) return [`there is no such program of K3s on this machine: ${remedy}`];
  if (k3s.startsWith(HIDDEN)) return [`${k3s} is hidden with all of ${HIDDEN}: copy it elsewhere`];
  const { status, stdout } = await capture(k3s, ["--version"], { limit: 64 * 1024 });
  const [, version] = /^k3s version (v\d+\.\d+\.\d+[\w.+-]{0,48})/.exec(stdout) ?? [];
  if (status !== 0 || version === undefined) return [`${k3s} --version is not that of K3s: ${remedy}`];
  return isSameMinor(version, wanted)
    ? []
    : [`${k3s} is K3s ${version}, and the backup is of ${wanted}: ${remedy}`];
}

export class AsideHere implements TrialPlace {
  public readonly name = THIS_MACHINE;
  public readonly salt = randomBytes(16).toString("hex");
  /** It gets every secret of the cluster. */
  private readonly folder = mkdtempSync(join(tmpdir(), "k3s-drill-"));
  private readonly machine: ThisMachine;

  /**
   * @param founder - the server whose flags and address it gets
   * @param k3s - path of the program
   */
  public constructor(
    private readonly description: Description,
    private readonly founder: Node,
    private readonly k3s: string,
    private readonly log: Log,
    private readonly namespaces = isRoot() ? "" : AS_ANYBODY,
  ) {
    this.machine = new ThisMachine(this.folder, log);
  }

  /** @throws UserError when K3s does not restore it, or what it restored is not what the snapshot holds */
  public try(what: Restorable): Promise<Tried> {
    const { description, folder: aside, founder, k3s, namespaces, salt } = this;
    const { file } = what.backup.manifest.snapshot;
    const program = programAside(
      description,
      founder,
      emittedFlagsAside(description, founder),
      { aside, snapshot: file, salt, namespaces },
      "try-here",
    );
    const variables = {
      aside,
      path: resolve(what.backup.snapshot),
      snapshot: file,
      memory_mib: ASIDE_LIMITS.memoryMib,
      k3s,
      namespaces,
      operator: process.pid,
      token: what.token,
      program,
    };
    return this.log.step(
      this.name,
      "restore it aside",
      async () =>
        triedIn(
          await this.machine.call("restore-here", variables, { timeoutSeconds: TRY_SECONDS }),
          what,
          this.name,
        ),
      ({ restoredSeconds, readySeconds }) =>
        `restored in ${restoredSeconds} s, Ready after ${readySeconds} s`,
    );
  }

  /** Ends what runs. */
  public stop(): void {
    this.machine.stop();
  }

  public clear(): Promise<void> {
    this.stop();
    // What was killed may still be ending.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
    return Promise.resolve();
  }
}
