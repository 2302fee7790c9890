/** The one machine that builds the systems of all hosts, and the way from there to each of them. */
import { counted } from "../base/markdown";
import { missing } from "../base/programs";
import { hasCode, messageAtHost, messageOf, UserError } from "../base/user-error";
import { THIS_MACHINE } from "../config/rollout";
import {
  buildInWords,
  BUILD_SECONDS,
  buildVariables,
  examinedInterfaces,
  onProgress,
  resultOf,
  stagedFiles,
  type Build,
} from "./build";
import type { Facts } from "./facts";
import type { Fleet } from "./fleet";
import type { Host } from "./host";
import { identityFaults } from "./identity";
import type { Log } from "./log";
import type { Machine } from "./machine";
import type { Report } from "./script";
import { Semaphore } from "./semaphore";
import { interrupted } from "./stopping";
import { stream } from "./stream";

/** A path in the builder's store. */
interface StorePath {
  readonly path: string;
  /** As Nix registered it. */
  readonly hash: string;
  /** In bytes. */
  readonly size: number;
}

/** A system, and all that it refers to. */
interface Closure {
  readonly system: string;
  readonly paths: readonly StorePath[];
}

/** A full first copy over a slow link. */
const COPY_SECONDS = 3600;

/** For questions about thousands of store paths. */
const QUESTION_SECONDS = 300;

export class Builder {
  /** One at a time: what systems have in common is built once, and an evaluation takes gigabytes. */
  private readonly turns = new Semaphore(1);

  public constructor(
    public readonly machine: Machine,
    private readonly log: Log,
  ) {}

  /**
   * Builds the system of a host from the files that a rollout delivers to it, and copies it there. The running system is not touched.
   *
   * @param stop - when aborted, no further build is begun
   */
  public async build(host: Host, facts: Facts, stop: AbortSignal): Promise<Build> {
    const { name } = this.machine;
    const closure = await this.turns.run(() => {
      if (stop.aborted) throw interrupted();
      const step = `build on ${name}`;
      return this.log.step(host.name, step, () => this.named(host, step, () => this.closureOf(host, step)));
    });
    let copied = "";
    return this.log.step(
      host.name,
      name === host.name ? "check what was built" : `copy from ${name}`,
      async () => {
        const lacking = await this.offer(host, closure);
        if (lacking.length > 0) await this.copy(host, lacking);
        copied = `${counted(lacking.length, "store path")} copied, `;
        const variables = { built: closure.system, target: host.name, ...examinedInterfaces(host) };
        return resultOf(
          host,
          facts,
          await host.call("accept", variables, { timeoutSeconds: QUESTION_SECONDS }),
        );
      },
      (built) => `${name === host.name ? "" : copied}${buildInWords(built)}`,
    );
  }

  /** Why it cannot build. @returns `undefined` where it can */
  public objection({ hosts, unreachable }: Pick<Fleet, "hosts" | "unreachable">): UserError | undefined {
    const { name } = this.machine;
    if (name === THIS_MACHINE) return missing("nixBuild", "a rollout that builds here");
    const why = `${name} cannot build the systems (rollout.build)`;
    const away = unreachable.find(({ host }) => host.name === name);
    if (away !== undefined) return new UserError("unreachable", `${why}: ${messageAtHost(away.error)}`);
    const faults = hosts.filter(({ host }) => host.name === name).flatMap(identityFaults);
    return faults.length === 0 ? undefined : new UserError("refused", `${why}: ${faults.join("; ")}`);
  }

  /** Removes what it needed only until the systems were copied. */
  public async forget(): Promise<void> {
    const { machine, log } = this;
    await machine
      .call("forget", { builds: machine.builds })
      .catch((error: unknown) => log.write("cluster", messageOf(error)));
  }

  private async closureOf(host: Host, step: string): Promise<Closure> {
    const report = await this.machine.call(
      "build-for",
      { ...buildVariables(host), target: host.name, builds: this.machine.builds },
      { timeoutSeconds: BUILD_SECONDS, onLine: onProgress(host, step) },
    );
    return { system: storePath(report.one("built")), paths: report.all("path").map(parsePath) };
  }

  /** Gives the host its files. @returns what its store lacks */
  private async offer(host: Host, { paths }: Closure): Promise<StorePath[]> {
    const closure = paths.map(({ path, hash }) => `${path} ${hash}`).join("\n");
    const variables = { files: stagedFiles(host), closure };
    const report = await host.call("offer", variables, { timeoutSeconds: QUESTION_SECONDS });
    const lacking = new Set(report.all("missing"));
    return paths.filter(({ path }) => lacking.has(path));
  }

  /** Through this program: hosts have no keys for each other, and their firewalls admit no SSH from each other. */
  private async copy(host: Host, lacking: readonly StorePath[]): Promise<Report> {
    const { machine } = this;
    const step = `copy from ${machine.name}`;
    const total = lacking.reduce((sum, { size }) => sum + size, 0);
    const source = machine.start("export");
    const sink = host.start("receive");
    const { failed, isLate, ...ends } = await stream(source, sink, {
      input: lacking.map(({ path }) => `${path}\n`).join(""),
      seconds: COPY_SECONDS,
      onBytes: inSteps((sent) =>
        host.log.progress(host.name, step, `${mebibytes(sent)} of ${mebibytes(total)} MiB`),
      ),
    });
    const endSource = (): Report => machine.end("export", source, ends.source);
    if (isLate) throw new UserError("failed", `no end within ${COPY_SECONDS} s`, { host: host.name, step });
    if (failed === "source") await this.named(host, step, endSource);
    const report = host.end("receive", sink, ends.sink);
    await this.named(host, step, endSource);
    return report;
  }

  /** A failure on the builder concerns the host whose system it was. */
  private async named<T>(host: Host, step: string, work: () => Promise<T> | T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UserError) || hasCode(error, "interrupted")) throw error;
      const { code, problem, remedy } = error;
      throw new UserError(code, problem, { remedy, host: host.name, step, cause: error });
    }
  }
}

/** What Nix allows in a store path (src/libstore/path.cc), in the store of any machine. */
const STORE_PATH = /^(?:\/[\w.+-]+)+\/[0-9a-z]{32}-[\w.+?=-]+$/;

function storePath(path: string): string {
  if (STORE_PATH.test(path)) return path;
  throw new UserError("failed", "what was built is no store path");
}

/** @param line - path, hash and size, as `remote/build-for.sh` reports them */
function parsePath(line: string): StorePath {
  const [path = "", hash = "", size = ""] = line.split(" ");
  if (!/^sha256:[0-9a-z]{52}$/.test(hash) || !/^\d{1,15}$/.test(size))
    throw new UserError("failed", "a store path of what was built has no hash or size");
  return { path: storePath(path), hash, size: Number(size) };
}

/** Passes on what comes at least a second after what was passed on before. */
function inSteps(show: (value: number) => void): (value: number) => void {
  let shown = performance.now();
  return (value) => {
    if (performance.now() - shown < 1000) return;
    shown = performance.now();
    show(value);
  };
}

const mebibytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);
