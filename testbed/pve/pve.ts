import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ownCertificate } from "./certificate";
import { Inventory, type Hardware } from "./inventory";
import { Refusal } from "./refusal";
import { ROUTES } from "./routes";
import { Token, type Grants } from "./token";

/** A request and how it was answered. */
export interface Entry {
  readonly method: string;
  readonly path: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly status: number;
}

/** An incoming request, with its path below `/api2/json`, decoded. */
interface Request {
  readonly method: string;
  readonly segments: readonly string[];
  readonly parameters: ReadonlyMap<string, string>;
  readonly authorization: string;
}

interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly body: unknown;
}

/**
 * A stand-in for Proxmox VE: the part of its API that the provider bpg/proxmox 0.111.1 calls for virtual machines and that `doctor`
 * uses, over TLS 1.3, with tokens, privileges, tasks, locks, volumes, and changes that wait for the next start. No guest runs.
 */
export class Pve {
  public readonly inventory: Inventory;
  public readonly journal: Entry[] = [];
  private readonly certificate = ownCertificate();
  private readonly tokens: Token[] = [];
  private readonly server: Server;
  private port = 0;

  public constructor(hardware: Hardware) {
    this.inventory = new Inventory(hardware);
    const { key, cert } = this.certificate;
    this.server = createServer({ key, cert, minVersion: "TLSv1.3" }, (request, response) => {
      void this.serve(request, response);
    });
    // Otherwise an idle connection could close just before a client's next request, an error that is not tested here.
    this.server.keepAliveTimeout = 0;
  }

  /** Starts to answer, after a stop at the same port as before. */
  public async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(this.port, "127.0.0.1", resolve);
    });
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Stops to answer: open connections break, and tasks continue. */
  public async leave(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  /** As `leave`, but running tasks stay incomplete, and their VMs locked. */
  public async losePower(): Promise<void> {
    this.inventory.tasks.abandon();
    await this.leave();
  }

  public get endpoint(): string {
    return `https://127.0.0.1:${this.port}/`;
  }

  /** PEM of the CA that signed its certificate. */
  public get ca(): Buffer {
    return this.certificate.ca;
  }

  /** @returns the value for PROXMOX_VE_API_TOKEN */
  public addToken(name: string, grants: Grants): string {
    const token = new Token(`terraform@pve!${name}`, `00000000-0000-4000-8000-${name}`, grants);
    this.tokens.push(token);
    return `${token.name}=${token.secret}`;
  }

  /** Requests that wrote to a VM; a clone counts as a write to the copy. */
  public writesTo(id: number): Entry[] {
    return this.journal.filter((entry) => entry.method !== "GET" && written(entry) === id);
  }

  private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await read(incoming);
    const { status, reason, body } = this.answer(request);
    const { method, segments, parameters } = request;
    this.journal.push({ method, path: segments.join("/"), parameters, status });
    response.writeHead(status, reason, { "content-type": "application/json;charset=UTF-8" });
    response.end(JSON.stringify(body));
  }

  private answer(request: Request): Answer {
    try {
      return { status: 200, reason: "OK", body: { data: this.handle(request) } };
    } catch (error) {
      const { status, reason, errors } =
        error instanceof Refusal ? error : new Refusal(596, `stand-in: ${String(error)}`);
      return { status, reason, body: { data: null, message: `${reason}\n`, ...(errors && { errors }) } };
    }
  }

  private handle({ method, segments, parameters, authorization }: Request): unknown {
    if (authorization === "") throw new Refusal(401, "No ticket");
    const token = this.tokens.find(({ name, secret }) => authorization === `PVEAPIToken=${name}=${secret}`);
    if (token === undefined) throw new Refusal(401, "invalid token value!");
    for (const [wanted, path, handler] of ROUTES) {
      const at = wanted === method ? matched(path.split("/"), segments) : undefined;
      if (at !== undefined) return handler({ inventory: this.inventory, token, at, parameters });
    }
    throw new Refusal(501, `Method '${method} /${segments.join("/")}' not implemented`);
  }
}

function written({ path, parameters }: Entry): number | undefined {
  const [, id, action] = /\/qemu\/(\d+)(?:\/(.*))?$/.exec(path) ?? [];
  return Number(action === "clone" ? parameters.get("newid") : id);
}

function matched(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const pairs = pattern.map((part, index) => [part, segments[index] ?? ""] as const);
  if (!pairs.every(([part, segment]) => part.startsWith(":") || part === segment)) return undefined;
  return Object.fromEntries(
    pairs.filter(([part]) => part.startsWith(":")).map(([part, value]) => [part.slice(1), value]),
  );
}

async function read(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const url = new URL(incoming.url ?? "/", "https://pve");
  const form = new URLSearchParams(Buffer.concat(chunks).toString());
  const segments = url.pathname.split("/").filter((segment) => segment !== "");
  return {
    method: incoming.method ?? "",
    segments: segments.slice(2).map(decodeURIComponent),
    parameters: new Map([...url.searchParams, ...form]),
    authorization: incoming.headers.authorization ?? "",
  };
}
