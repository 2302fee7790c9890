/** A real S3 server in the operator's network, to which the stand-in for K3s' snapshots are uploaded. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { K3sSettings } from "../../../src/config/settings";
import type { AccessKeys } from "../../../src/s3/bucket";
import { REFERENCE } from "../../fixture";
import { S3Files } from "../s3-service";
import type { LiveCluster, Result } from "./cluster";

const BUCKET = "etcd";

export class ClusterBucket {
  private constructor(
    private readonly cluster: LiveCluster,
    private readonly files: S3Files,
    private readonly endpoint: string,
  ) {}

  /** Its credentials are in the file `s3` of the project. It ends with the cluster. */
  public static async start(cluster: LiveCluster, keys: AccessKeys): Promise<ClusterBucket> {
    const { folder, testbed } = cluster;
    const files = new S3Files(folder, keys);
    const address = join(folder, "s3-address");
    writeFileSync(address, "");
    const serve = 'exec >"$1" && shift && sleep infinity | "$@"';
    const served = testbed.operator(["sh", "-c", serve, "sh", address, ...files.server(BUCKET)], folder);
    // Its end is that of the testbed.
    served.catch(() => undefined);
    const printed = (): string => readFileSync(address, "utf8");
    await testbed.until("the S3 server serves", () => printed().endsWith("\n"));
    return new ClusterBucket(cluster, files, printed().trim());
  }

  /** Emits a `main.ts` whose K3s copies its snapshots there, and uploads one of now. @returns its name */
  public async fill(emit: (k3s: K3sSettings) => void): Promise<string> {
    const { cluster, files, endpoint } = this;
    emit({
      ...REFERENCE.k3s,
      snapshots: { s3: { endpoint, bucket: BUCKET, secretFile: "/var/lib/k3s-secrets/s3" } },
    });
    const file = join(cluster.testbed.folder, "upload");
    const printed = await cluster.testbed.on("alphard", "cluster-snapshot | base64 -w0");
    writeFileSync(file, Buffer.from(printed, "base64"));
    const object = `etcd-snapshot-alphard-${Math.floor(Date.now() / 1000)}`;
    const upload = files.upload(endpoint, { bucket: BUCKET, object, file, node: "alphard" });
    const { status, stderr } = await cluster.testbed.operator(upload, cluster.folder, files.environment);
    if (status !== 0) throw new Error(stderr);
    return object;
  }

  /** `npm run rollout -- backup --from-s3 <words>` */
  public fetch(...words: string[]): Promise<Result> {
    return this.cluster.rolloutWith({ SSL_CERT_FILE: this.files.authority }, "backup", "--from-s3", ...words);
  }
}
