import { shellWord } from "../base/escape";
import { hasCode, isDisconnected, messageOf, UserError } from "../base/user-error";
import type { Host } from "./host";

/** The arguments of one kubectl command. */
type Command = readonly string[];

/** A kubectl command with a non-zero exit status. */
class KubectlFailure extends Error {
  /** @param stderr - its whole standard error */
  public constructor(public readonly stderr: string) {
    super(stderr);
  }
}

/** Extra time for the login, and for the readiness check after a failed request. */
const EXTRA_SECONDS = 30;

/**
 * Runs kubectl commands on a server, over one connection, until one fails.
 *
 * @param seconds - timeout of each request
 * @param input - standard input of each command
 * @returns the output of each command
 * @throws UserError `failed` when the API has decided, so that another server would answer the same; `unavailable` when this
 *   server's API does not answer, but another's may
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
      timeoutSeconds: commands.length * seconds + EXTRA_SECONDS,
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

/** The whole output of kubectl if the API decided; else the message. */
export const kubectlOutput = (error: unknown): string =>
  hasCode(error, "failed") && error.cause instanceof KubectlFailure ? error.cause.stderr : messageOf(error);

/** The API's reason constant, such as `Conflict`. */
export const reasonOf = (error: unknown): string | undefined => reasonIn(kubectlOutput(error));

/** Whether there is no such object, or nothing of its kind. */
export const isAbsent = (error: unknown): boolean =>
  hasCode(error, "failed") && (reasonOf(error) === "NotFound" || NO_KIND.test(kubectlOutput(error)));

/** kubectl asks for no object of a kind that the API does not list (apimachinery, pkg/api/meta/errors.go, NoKindMatchError). */
const NO_KIND = /^error: .*\bno matches for kind "/m;

/** What other field managers hold of an object: `.spec.replicas, of kubectl-edit`. */
export function conflictsOf(error: unknown): string[] {
  const lines = kubectlOutput(error).split("\n");
  return lines.flatMap((line, index) => {
    const [, manager, field = ""] = CONFLICT.exec(line) ?? [];
    if (manager === undefined) return [];
    const more = lines.slice(index + 1);
    const listed = more.slice(
      0,
      more.findIndex((each) => !each.startsWith("- ")),
    );
    const fields = field === "" ? listed.map((each) => each.slice(2)) : [field];
    return fields.map((each) => `${each}, of ${manager}`);
  });
}

/**
 * kubectl prints one field of a manager on the manager's line, and several in a list below (apimachinery,
 * pkg/util/managedfields/internal/conflict.go).
 */
const CONFLICT = /conflicts? with "([^"]+)"[^:]*:(?: (\S+))?$/;

/** Whether to ask another server. */
export const isApiUnavailable = (error: unknown): boolean =>
  hasCode(error, "unavailable") || isDisconnected(error);

/** Reasons of an API that cannot decide at the moment (apimachinery, pkg/apis/meta/v1/types.go, StatusReason). */
const PASSING = new Set(["ServiceUnavailable", "ServerTimeout", "Timeout", "InternalError", undefined]);

/**
 * Whether the API decided. It did not when its reason says that it could not, even if it is ready again meanwhile. kubectl has
 * no structured errors: it prints the API's reason in parentheses, and none when etcd did not answer, such as during a leader
 * election (kubectl, pkg/cmd/util/helpers.go, StandardErrorMessage). kubectl's own errors, such as a timeout of a wait, have no
 * such line.
 */
function isDecision(stderr: string): boolean {
  if (NO_CONNECTION.test(stderr)) return false;
  return !FROM_SERVER.test(stderr) || MALFORMED.test(stderr) || !PASSING.has(reasonIn(stderr));
}

/** A server that restarts may be ready again by the time that it is asked for its readiness. */
const NO_CONNECTION = /^(?:The connection to the server \S+ was refused|Unable to connect to the server: )/m;

/**
 * An object that is not of its schema is refused without a reason, and with its value (apimachinery,
 * pkg/util/managedfields/internal/structuredmerge.go).
 */
const MALFORMED = /^Error from server: failed to create typed patch object /m;

const FROM_SERVER = /^Error from server(?: \((\w+)\))?: /m;

const reasonIn = (words: string): string | undefined => FROM_SERVER.exec(words)?.[1];
