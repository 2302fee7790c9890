import type { ExitCode } from "./exit-code";

/** The implementation of a command. @returns its exit code */
export type Action<Words extends unknown[]> = (...words: Words) => Promise<ExitCode>;

/** Turns the implementation of a command into a function that commander can call. */
export type Ending = <Words extends unknown[]>(action: Action<Words>) => (...words: Words) => Promise<void>;
