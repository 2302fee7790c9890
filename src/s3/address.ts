import type { SnapshotBucket } from "../config/snapshots";

/** Services that K3s' library asks for a bucket by the name of the host (minio-go, pkg/s3utils/utils.go, IsVirtualHostSupported). */
const BY_HOST = /^(s3[.-]([a-z0-9.-]+\.)?amazonaws\.com(\.cn)?|storage\.googleapis\.com|.+\.aliyuncs\.com)$/;

/** The endpoint of no region, which knows buckets of one region only. */
const AMAZON = "s3.amazonaws.com";

/** Where K3s finds the bucket: in the name of the host or in the path. */
export function bucketUrl({ endpoint, bucket, region, scheme, lookup }: SnapshotBucket): URL {
  const [host = "", ...port] = endpoint.toLowerCase().split(":");
  // As K3s' library does (minio-go, api.go, makeTargetURL).
  const own = host === AMAZON ? `s3.${region}.amazonaws.com` : host;
  const at = [own, ...port].join(":");
  const isByHost =
    lookup === "dns" ||
    // A certificate for *.host does not cover a name with more dots.
    (lookup === "auto" && BY_HOST.test(host) && !(scheme === "https" && bucket.includes(".")));
  return new URL(isByHost ? `${scheme}://${bucket}.${at}/` : `${scheme}://${at}/${bucket}/`);
}
