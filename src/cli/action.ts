import type { ExitCode } from "./exit-code";

/** What a command does. @returns its exit code */
export type Action<Words extends unknown[]> = (...words: Words) => Promise<ExitCode>;

/** Turns what a command does into what commander calls. */
export type Ending = <Words extends unknown[]>(action: Action<Words>) => (...words: Words) => Promise<void>;
