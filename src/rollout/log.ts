import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { inWords, stopwatch } from "../base/status-line";
import type { Redactor } from "./secrets";

/** What became of a step; `running` says how far it is. */
export type Outcome = "started" | "running" | "done" | "failed" | "said";

export interface Event {
  readonly time: string;
  /** Hostname, or `cluster`. */
  readonly host: string;
  readonly step: string;
  readonly outcome: Outcome;
  /** For a person. */
  readonly words: string;
}

/** Where events go: a terminal, or a program that reads JSON. */
export type Listener = (event: Event) => void;

/** Reports what a rollout does as it happens, and writes a log file for each host. It redacts all secrets. */
export class Log {
  public constructor(
    private readonly folder: string,
    private readonly redactor: Redactor,
    private readonly listener: Listener,
  ) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Reports something that is not a step. */
  public info(host: string, words: string): void {
    this.report(host, "", "said", words);
  }

  /** Runs a step, and reports its start and its outcome. */
  public async step<T>(
    host: string,
    step: string,
    run: () => Promise<T>,
    words?: (result: T) => string,
  ): Promise<T> {
    const elapsed = stopwatch();
    this.report(host, step, "started", "");
    try {
      const result = await run();
      const took = inWords(elapsed(), 1);
      const more = words?.(result) ?? "";
      this.report(host, step, "done", more === "" ? took : `${more} (${took})`);
      return result;
    } catch (error) {
      this.report(host, step, "failed", error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  /** Reports how far a running step is, which no log file keeps. */
  public progress(host: string, step: string, words: string): void {
    this.listener(this.event(host, step, "running", words));
  }

  /** Writes to the host's log file only. */
  public write(host: string, text: string): void {
    if (text.trim() === "") return;
    const lines = this.redactor.redact(text).trimEnd().split("\n");
    const stamped = lines.map((line) => `${new Date().toISOString()} ${line}\n`).join("");
    appendFileSync(join(this.folder, `${host}.log`), stamped, { mode: 0o600 });
  }

  private report(host: string, step: string, outcome: Outcome, words: string): void {
    const event = this.event(host, step, outcome, words);
    this.write(host, `== ${[step, outcome, event.words].filter(Boolean).join(": ")}`);
    this.listener(event);
  }

  private event(host: string, step: string, outcome: Outcome, words: string): Event {
    return { time: new Date().toISOString(), host, step, outcome, words: this.redactor.redact(words) };
  }
}
