import { join } from "node:path";
import { builtCode } from "../testbed/package/built";

/** The command-line program, as the package has it. */
export const CLI = join(builtCode(), "cli.js");
