import { shellWord } from "../base/escape";
import { hasCode, isDisconnected, messageOf, UserError } from "../base/user-error";
import type { Host } from "./host";

/** A command of kubectl, as its words. */
type Command = readonly string[];

/** A command that ended with another status than 0. */
class KubectlFailure extends Error {
  /** @param stderr - all that it printed there */
  public constructor(public readonly stderr: string) {
    super(stderr);
  }
}

/** Beside the requests: for the login, and for what a server says of itself after one that failed. */
const MORE_SECONDS = 30;

/**
 * Runs commands of kubectl on a server, over one connection, up to one that fails.
 *
 * @param seconds - that each of their requests may take
 * @param input - what each of them reads
 * @returns what each of them printed
 * @throws UserError `failed` where another server would say the same; `unavailable` where this server's API does not
 *   answer, and that of another may
 */
export async function kubectl(
  server: Host,
  commands: readonly Command[],
  seconds: number,
  input = "",
): Promise<string[]> {
  const lines = commands.map((words) => [...words, `--request-timeout=${seconds}s`].map(shellWord).join(" "));
  const report = await server.call(
    "kubectl",
    { commands: lines.join("\n"), input },
    {
      timeoutSeconds: commands.length * seconds + MORE_SECONDS,
      reads: commands.every(([verb]) => verb === "get"),
    },
  );
  const outputs = report.all("output").map((text) => Buffer.from(text, "base64").toString("utf8"));
  if (report.one("status") === "") return outputs;
  const stderr = report.text("stderr").trim();
  const command = (commands[outputs.length] ?? []).slice(0, 2).join(" ");
  const said = stderr.split("\n").slice(-6).join("\n  ") || `ended with ${report.one("status")}`;
  const code = report.one("api") === "ready" && isDecision(stderr) ? "failed" : "unavailable";
  throw new UserError(code, `kubectl ${command} on ${server.name}: ${said}`, {
    cause: new KubectlFailure(stderr),
  });
}

/** All that kubectl printed, where the API decided; else the message. */
export const kubectlOutput = (error: unknown): string =>
  hasCode(error, "failed") && error.cause instanceof KubectlFailure ? error.cause.stderr : messageOf(error);

/** The API's own constant for why it decided so, such as `Conflict`. */
export const reasonOf = (error: unknown): string | undefined => reasonIn(kubectlOutput(error));

/** Whether another server has to be asked. */
export const isAway = (error: unknown): boolean => hasCode(error, "unavailable") || isDisconnected(error);

/** Reasons of an API that cannot answer now (apimachinery, pkg/apis/meta/v1/types.go, StatusReason). */
const PASSING = new Set(["ServiceUnavailable", "ServerTimeout", "Timeout", "InternalError", undefined]);

/**
 * Not where the API itself says by its reason that it could not decide, though it is ready again in the meantime. kubectl
 * has no structured form of an error: it prints the API's constant in parentheses, and none where etcd had no answer, as
 * while it elects a leader (kubectl, pkg/cmd/util/helpers.go, StandardErrorMessage). An error of kubectl's own, such as a
 * time-out of its waiting, has no such line.
 */
function isDecision(stderr: string): boolean {
  return !FROM_SERVER.test(stderr) || !PASSING.has(reasonIn(stderr));
}

const FROM_SERVER = /^Error from server(?: \((\w+)\))?: /m;

const reasonIn = (words: string): string | undefined => FROM_SERVER.exec(words)?.[1];
