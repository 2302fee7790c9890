import { Agent, request } from "node:https";
import type { Trust } from "./trust";

/** There was no answer, or an answer without data. */
export class PveError extends Error {
  public constructor(
    message: string,
    /** HTTP status. @default - there was no answer */
    public readonly status?: number,
    /** Node's error code, such as `ECONNREFUSED`. @default - there was an answer */
    public readonly code?: string,
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 15_000;

/** Proxmox VE's API. `get` changes nothing. */
export class PveApi {
  private readonly agent: Agent;

  public constructor(
    private readonly origin: string,
    trust: Trust,
    /** The value of PROXMOX_VE_API_TOKEN. @default - without a token */
    private readonly token?: string,
  ) {
    this.agent = new Agent({ ...trust, keepAlive: true, maxSockets: 4 });
  }

  public close(): void {
    this.agent.destroy();
  }

  /**
   * @param parts - segments of the path, not encoded
   * @returns `data` of the answer
   * @throws PveError if there is none
   */
  public async get(
    parts: readonly string[],
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const url = this.urlOf(parts);
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return this.dataOf("GET", url);
  }

  /** As `get`, for an action. */
  public post(parts: readonly string[]): Promise<unknown> {
    return this.dataOf("POST", this.urlOf(parts));
  }

  private urlOf(parts: readonly string[]): URL {
    return new URL(`/api2/json/${parts.map(encodeURIComponent).join("/")}`, this.origin);
  }

  private async dataOf(method: "GET" | "POST", url: URL): Promise<unknown> {
    const { status, reason, text } = await this.ask(method, url);
    const json = parsed(text);
    if (status === 200 && json !== undefined) return json.data;
    if (status === 200) throw new PveError("the server is not Proxmox VE's API", status);
    throw new PveError(`${status} ${reason}`, status);
  }

  private ask(method: "GET" | "POST", url: URL): Promise<{ status: number; reason: string; text: string }> {
    const headers = this.token === undefined ? {} : { authorization: `PVEAPIToken=${this.token}` };
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void =>
        reject(new PveError(error.message, undefined, error.code ?? "failed"));
      const asked = request(url, { method, agent: this.agent, headers, timeout: TIMEOUT_MS }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.once("error", failed);
        answer.once("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            reason: answer.statusMessage ?? "",
            text: Buffer.concat(chunks).toString(),
          }),
        );
      });
      asked.once("timeout", () =>
        asked.destroy(
          Object.assign(new Error(`no answer within ${TIMEOUT_MS / 1000} s`), { code: "ETIMEDOUT" }),
        ),
      );
      asked.once("error", failed);
      asked.end();
    });
  }
}

function parsed(text: string): { data: unknown } | undefined {
  try {
    const json = JSON.parse(text) as unknown;
    return typeof json === "object" && json !== null && "data" in json ? json : undefined;
  } catch {
    return undefined;
  }
}
