/** The bucket to which K3s copies its snapshots, read from this machine. Nothing is written there. */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Agent as InsecureAgent, request as insecure, type IncomingMessage } from "node:http";
import { Agent, request as secure } from "node:https";
import { pipeline } from "node:stream/promises";
import { createSecureContext } from "node:tls";
import { trustedAuthorities } from "../base/authorities";
import { transferSeconds } from "../base/bytes";
import { messageOf, UserError } from "../base/user-error";
import type { SnapshotBucket } from "../config/snapshots";
import { bucketUrl } from "./address";
import { errorCodeIn, pageIn, type Page, type StoredObject } from "./answer";

export interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** An object of the bucket. */
export interface Stored {
  /** Without the folder. */
  readonly name: string;
  readonly bytes: number;
}

export interface DownloadOptions {
  /** Hears how many bytes have arrived so far. */
  readonly onBytes: (arrived: number) => void;
  readonly stop: AbortSignal;
}

/** Without a byte for so long, the connection is given up. */
const SILENCE_MS = 30_000;
/** For a list. */
const LIST_MS = 120_000;
/** A list of 1000 objects, the most that S3 sends at once, has about 400 KB. */
const PAGE_BYTES = 4 * 1024 * 1024;
const PAGES = 100;
/** Errors of this machine's disk. */
const DISK = ["ENOSPC", "EDQUOT", "EFBIG", "EIO", "EROFS"];
/** SHA-256 of an empty request. */
const EMPTY = createHash("sha256").digest("hex");

export class Bucket {
  private readonly url: URL;
  /** Of the objects that count, with its slash. */
  private readonly folder: string;
  private readonly agent: Agent | InsecureAgent;

  public constructor(
    private readonly settings: SnapshotBucket,
    private readonly keys: AccessKeys,
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.agent =
      settings.scheme === "http"
        ? new InsecureAgent()
        : new Agent({
            secureContext: createSecureContext({ ca: trustedAuthorities(env) }),
            rejectUnauthorized: settings.isVerified,
          });
    this.url = bucketUrl(settings);
    this.folder = settings.folder === "" ? "" : `${settings.folder}/`;
  }

  /** All objects in the folder of snapshots, and none of folders below it. @throws UserError when the service does not list them */
  public async list(stop: AbortSignal): Promise<Stored[]> {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(LIST_MS)]);
    const found: StoredObject[] = [];
    let token: string | undefined;
    for (let pages = 0; pages < PAGES; pages++) {
      const { objects, more } = await this.page(token, signal);
      found.push(...objects);
      if (more === undefined) return this.below(found);
      token = more;
    }
    throw new UserError("invalid", `The list of ${this.inWords} has more than ${PAGES} pages`, {
      remedy: "keep snapshots in a folder of their own (k3s.snapshots.s3.folder)",
    });
  }

  private below(objects: readonly StoredObject[]): Stored[] {
    return objects
      .filter(({ key }) => key.startsWith(this.folder))
      .map(({ key, bytes }) => ({ name: key.slice(this.folder.length), bytes }))
      .filter(({ name }) => name !== "" && !name.includes("/"));
  }

  private async page(token: string | undefined, signal: AbortSignal): Promise<Page> {
    const answer = await this.ask(
      "",
      {
        "list-type": "2",
        "encoding-type": "url",
        delimiter: "/",
        prefix: this.folder,
        ...(token === undefined ? {} : { "continuation-token": token }),
      },
      signal,
    );
    const page = pageIn(await this.textOf(answer));
    if (page !== undefined) return page;
    throw new UserError("invalid", `${this.settings.endpoint} does not answer as a service of S3`, {
      remedy: "correct k3s.snapshots.s3.endpoint in main.ts",
    });
  }

  /**
   * Copies an object to a new file that only its owner can read.
   *
   * @returns its SHA-256, in hexadecimal
   * @throws UserError when it does not arrive as it was listed
   */
  public async download(
    { name, bytes }: Stored,
    path: string,
    { onBytes, stop }: DownloadOptions,
  ): Promise<string> {
    const late = AbortSignal.timeout(transferSeconds(bytes) * 1000);
    const answer = await this.ask(`${this.folder}${name}`, {}, AbortSignal.any([stop, late]));
    const hash = createHash("sha256");
    let arrived = 0;
    const counted = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        arrived += chunk.length;
        if (arrived > bytes) return;
        hash.update(chunk);
        onBytes(arrived);
        yield chunk;
      }
    };
    try {
      await pipeline(answer, counted, createWriteStream(path, { flags: "wx", mode: 0o600 }));
    } catch (error) {
      throw DISK.includes((error as NodeJS.ErrnoException).code ?? "") ? error : this.unreachable(error);
    }
    if (arrived === bytes) return hash.digest("hex");
    throw new UserError("failed", `${name} has another size than in the list of ${this.inWords}`, {
      remedy: "run the same command again",
    });
  }

  private get inWords(): string {
    const { bucket, endpoint } = this.settings;
    return `the bucket ${bucket} at ${endpoint}`;
  }

  /** @throws UserError unless the service answers with content */
  private async ask(
    key: string,
    parameters: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const url = new URL(this.url);
    url.pathname += key;
    url.search = new URLSearchParams(parameters).toString();
    const answer = await this.send(url, signal).catch((error: unknown) => {
      throw this.unreachable(error);
    });
    if (answer.statusCode === 200) return answer;
    throw this.refusal(answer.statusCode ?? 0, errorCodeIn(await this.textOf(answer)), key);
  }

  private async send(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
    // Only this command needs it.
    const { AwsV4Signer } = await import("aws4fetch");
    const { headers } = await new AwsV4Signer({
      ...this.keys,
      service: "s3",
      region: this.settings.region,
      url: url.href,
      headers: { "x-amz-content-sha256": EMPTY },
    }).sign();
    const { agent } = this;
    const options = { agent, headers: Object.fromEntries(headers), signal, timeout: SILENCE_MS };
    const request = this.settings.scheme === "http" ? insecure : secure;
    return new Promise((resolve, reject) => {
      const asked = request(url, options, resolve);
      asked.once("timeout", () => asked.destroy(new Error(`no answer within ${SILENCE_MS / 1000} s`)));
      asked.on("error", reject);
      asked.end();
    });
  }

  private async textOf(answer: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        // What is cut off is no answer.
        if (bytes > PAGE_BYTES) return "";
        chunks.push(chunk);
      }
    } catch (error) {
      throw this.unreachable(error);
    }
    return Buffer.concat(chunks).toString();
  }

  /** @param error - of the connection */
  private unreachable(error: unknown): UserError {
    const { code = "" } = error as NodeJS.ErrnoException;
    const isUntrusted = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code);
    return new UserError(
      "unreachable",
      `${this.settings.endpoint}, the service of S3, cannot be read: ${messageOf(error)}`,
      {
        remedy: isUntrusted
          ? "set SSL_CERT_FILE to a file with the certificate of its authority"
          : "run the same command again when it answers",
        cause: error,
      },
    );
  }

  /** @param code - of S3, which servers agree on (Amazon S3, API reference, "Error responses") */
  private refusal(status: number, code: string, key: string): UserError {
    const why = `${status}${code === "" ? "" : ` ${code}`}`;
    if (code === "NoSuchBucket")
      return new UserError(
        "invalid",
        `There is no bucket ${this.settings.bucket} at ${this.settings.endpoint}`,
        {
          remedy: "correct k3s.snapshots.s3 in main.ts",
        },
      );
    if (code === "NoSuchKey" || (status === 404 && key !== ""))
      return new UserError("failed", `${key} is no longer in ${this.inWords}`, {
        remedy: "run the same command again",
      });
    if (REGION.includes(code))
      return new UserError(
        "invalid",
        `${this.settings.region} is not the region of ${this.inWords} (${why})`,
        {
          remedy: "set k3s.snapshots.s3.region in main.ts to that of the bucket",
        },
      );
    if (code === "RequestTimeTooSkewed")
      return new UserError(
        "failed",
        `The clock of this machine is not that of ${this.settings.endpoint} (${why})`,
        {
          remedy: "set the clock of this machine",
        },
      );
    if (status === 401 || status === 403)
      return new UserError("refused", `S3 refuses the credentials of main.ts for ${this.inWords} (${why})`, {
        remedy:
          "correct rollout.s3Path or rollout.s3Command, or the rights of that key: it has to list and read",
      });
    return new UserError("unreachable", `${this.settings.endpoint} answers ${why}`, {
      remedy: "run the same command again, or correct k3s.snapshots.s3 in main.ts",
    });
  }
}

const REGION = [
  "AuthorizationHeaderMalformed",
  "PermanentRedirect",
  "TemporaryRedirect",
  "IllegalLocationConstraintException",
];
