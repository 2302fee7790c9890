/** Runs the command-line program with this process's arguments. */
import { CommanderError } from "commander";
import { surviveClosedTerminal } from "./closed-terminal";
import { ExitCode } from "./exit-code";
import { reportFailure } from "./failure";
import { program, spelled } from "./program";

async function main(words: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = ExitCode.Done;
  try {
    await program((ended) => (code = ended)).parseAsync(spelled(words), { from: "user" });
    return code;
  } catch (error) {
    // Commander has already printed the help or the error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Done : ExitCode.Usage;
    return reportFailure(error);
  }
}

surviveClosedTerminal();
void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
  // Abandoned work may still keep the process alive.
  if (code === ExitCode.Interrupted) process.exit();
});
