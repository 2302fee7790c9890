/** A real S3 server on this machine (`testbed/build/s3`), and what K3s does with one: an upload by its own library. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { SnapshotBucket } from "../../src/config/snapshots";
import type { AccessKeys } from "../../src/s3/bucket";
import { builtProgram } from "../../testbed/build/programs";
import { ownCertificate } from "../../testbed/pve/certificate";
import { built, OPENSSL, type Tool } from "./tools";

export const S3: readonly Tool[] = [built("s3", "s3-server"), built("s3", "s3-upload"), OPENSSL];

export const s3Program = (name: string): string => builtProgram("s3", name) ?? "";

export const credentialsOf = ({ accessKeyId, secretAccessKey }: AccessKeys): string =>
  `AWS_ACCESS_KEY_ID=${accessKeyId}\nAWS_SECRET_ACCESS_KEY=${secretAccessKey}\n`;

/** Files that the server and its clients need. */
export class S3Files {
  public readonly certificate: string;
  public readonly key: string;
  /** What signed the certificate: for SSL_CERT_FILE. */
  public readonly authority: string;
  public readonly credentials: string;

  public constructor(
    folder: string,
    public readonly keys: AccessKeys,
  ) {
    const { key, cert, ca } = ownCertificate();
    const put = (name: string, content: string | Buffer): string => {
      writeFileSync(join(folder, name), content, { mode: 0o600 });
      return join(folder, name);
    };
    this.certificate = put("s3.pem", cert);
    this.key = put("s3.key", key);
    this.authority = put("s3-ca.pem", ca);
    this.credentials = put("s3", credentialsOf(keys));
  }

  public server(...buckets: readonly string[]): string[] {
    return [s3Program("s3-server"), this.certificate, this.key, this.credentials, ...buckets];
  }

  public upload(endpoint: string, { bucket, object, file, node }: Upload): readonly string[] {
    return [s3Program("s3-upload"), endpoint, bucket, object, file, "a-cluster", node];
  }

  /** For an upload. */
  public get environment(): Record<string, string> {
    return {
      SSL_CERT_FILE: this.authority,
      AWS_ACCESS_KEY_ID: this.keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.keys.secretAccessKey,
    };
  }
}

export interface Upload {
  readonly bucket: string;
  /** With its folder. */
  readonly object: string;
  /** Path of the file that becomes the object. */
  readonly file: string;
  /** Hostname of the server that took it. */
  readonly node: string;
}

export class S3Service {
  private constructor(
    public readonly files: S3Files,
    public readonly endpoint: string,
    private readonly child: ChildProcess,
  ) {}

  /** @param folder - for its files */
  public static async start(folder: string, keys: AccessKeys, ...buckets: string[]): Promise<S3Service> {
    const files = new S3Files(folder, keys);
    const [program = "", ...words] = files.server(...buckets);
    // It ends with its standard input, so also when this process is killed.
    const child = spawn(program, words, { stdio: ["pipe", "pipe", "ignore"] });
    const [endpoint] = (await once(createInterface(child.stdout), "line")) as [string];
    return new S3Service(files, endpoint, child);
  }

  public async stop(): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.stdin?.end();
    await ended;
  }

  public async upload(upload: Upload): Promise<void> {
    const [program = "", ...words] = this.files.upload(this.endpoint, upload);
    await promisify(execFile)(program, words, { env: this.files.environment });
  }

  public settings(bucket: string, more: Partial<SnapshotBucket> = {}): SnapshotBucket {
    return {
      endpoint: this.endpoint,
      bucket,
      folder: "",
      region: "us-east-1",
      scheme: "https",
      isVerified: true,
      lookup: "auto",
      ...more,
    };
  }
}
