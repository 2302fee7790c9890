import { resolve } from "node:path";
import { converse, endGroup, type Captured, type Conversation } from "../base/process";
import { UserError } from "../base/user-error";
import { THIS_MACHINE } from "../config/rollout";
import { Connection } from "./connection";
import type { Log } from "./log";
import { pipedCommand, remoteScript, type Variables } from "../render/remote-script";
import { reportOf, type Report } from "./script";
import { worthKeeping, type RunOptions } from "./ssh";

/** What runs programs of `remote/`: a host, or the machine of the operator. */
export interface Machine {
  /** Hostname, or `this machine`. */
  readonly name: string;
  /** Folder in which it builds the systems of other hosts. */
  readonly builds: string;
  /** @throws UserError with its message when the program fails */
  call(program: string, variables: Variables, options?: Partial<RunOptions>): Promise<Report>;
  /** Starts a program whose standard input or output is a stream of bytes. `end` has to hear of its end. */
  start(program: string): Conversation;
  /** @throws UserError when the program that was started has failed */
  end(program: string, child: Conversation, captured: Captured): Report;
}

/** The machine that runs the rollout. */
export class ThisMachine implements Machine {
  public readonly name = THIS_MACHINE;
  public readonly builds: string;
  private readonly running = new Set<Connection | Conversation>();

  /** @param folder - for builds, relative to the working directory or absolute */
  public constructor(
    folder: string,
    private readonly log: Log,
  ) {
    this.builds = resolve(folder);
  }

  public async call(
    program: string,
    variables: Variables,
    { timeoutSeconds = 60, onLine }: Partial<RunOptions> = {},
  ): Promise<Report> {
    const shell = new Connection("/bin/sh", ["-s"], ({ message }) => this.log.write(LOG, message));
    this.running.add(shell);
    try {
      const answer = await shell.run(remoteScript(program, variables), timeoutSeconds, onLine);
      this.log.write(LOG, worthKeeping(answer));
      if (answer.ending === "complete") return reportOf(this.name, program, answer);
      const why =
        answer.ending === "late" ? `no end within ${timeoutSeconds} s` : `its output was ${answer.ending}`;
      throw new UserError("failed", why, { host: this.name, step: program });
    } finally {
      this.running.delete(shell);
      shell.close();
    }
  }

  public start(program: string): Conversation {
    const child = converse("/bin/sh", ["-c", pipedCommand(program)]);
    this.running.add(child);
    return child;
  }

  public end(program: string, child: Conversation, captured: Captured): Report {
    this.running.delete(child);
    return reportOf(this.name, program, captured);
  }

  /** Kills what runs. */
  public stop(): void {
    for (const each of this.running) {
      if (each instanceof Connection) each.close();
      else endGroup(each);
    }
  }
}

/** Name of its log file. */
const LOG = "this-machine";
