import type { Host } from "./host";
import { quoted } from "./script";
import { ConnectionTrouble, Trouble } from "./trouble";

/** kubectl failed, though the server's API answers: another server would say the same. */
export class KubectlTrouble extends Trouble {
  public constructor(
    message: string,
    /** All that kubectl printed on standard error. */
    public readonly words: string,
  ) {
    super(message);
  }
}

/** The server's API does not answer; that of another may. */
export class ApiTrouble extends Trouble {}

/** A command of kubectl, as its words. */
type Command = readonly string[];

/** Beside the requests: for the login, and for what a server says of itself after one that failed. */
const MORE_SECONDS = 30;

/**
 * Runs commands of kubectl on a server, over one connection, up to one that fails.
 *
 * @param seconds - that each of their requests may take
 * @returns what each of them printed
 * @throws KubectlTrouble, ApiTrouble or ConnectionTrouble
 */
export async function kubectl(
  server: Host,
  commands: readonly Command[],
  seconds: number,
): Promise<string[]> {
  const lines = commands.map((words) => [...words, `--request-timeout=${seconds}s`].map(quoted).join(" "));
  const report = await server.call(
    "kubectl",
    { commands: lines.join("\n") },
    {
      timeoutSeconds: commands.length * seconds + MORE_SECONDS,
      reads: commands.every(([verb]) => verb === "get"),
    },
  );
  const outputs = report.all("output").map((text) => Buffer.from(text, "base64").toString("utf8"));
  if (report.one("status") === "") return outputs;
  const words = report.text("words").trim();
  const command = (commands[outputs.length] ?? []).slice(0, 2).join(" ");
  const said = words.split("\n").slice(-6).join("\n  ") || `ended with ${report.one("status")}`;
  const message = `kubectl ${command} on ${server.name}: ${said}`;
  throw report.one("api") === "ready" && isDecision(words)
    ? new KubectlTrouble(message, words)
    : new ApiTrouble(message);
}

/** Whether another server has to be asked. */
export const isAway = (error: unknown): boolean =>
  error instanceof ApiTrouble || error instanceof ConnectionTrouble;

/** Reasons of an API that cannot answer now (apimachinery, pkg/apis/meta/v1/types.go, StatusReason). */
const PASSING = new Set(["ServiceUnavailable", "ServerTimeout", "Timeout", "InternalError", undefined]);

/**
 * Not where the API itself says by its reason that it could not decide, though it is ready again in the meantime: kubectl
 * prints the constant, and none where etcd had no answer, as while it elects a leader.
 */
function isDecision(words: string): boolean {
  const answer = /^Error from server(?: \((\w+)\))?: /m.exec(words);
  return answer === null || !PASSING.has(answer[1]);
}
