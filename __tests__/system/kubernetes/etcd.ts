/** The etcd of the first server, by its own gateway from JSON to gRPC. */
import type { Bed } from "./bed";

export async function askEtcd(bed: Bed, path: string, request: object): Promise<string> {
  const { name, ownAddress } = bed.host("alphard");
  const url = `http://${ownAddress}:2379/v3/${path}`;
  const script = `curl -sS --max-time 60 -d '${JSON.stringify(request)}' ${url}`;
  const { status, stdout, stderr } = await bed.plane.on(name, script, 60);
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** As etcd sends it, with the hash at its end. */
export async function takenSnapshot(bed: Bed): Promise<Buffer> {
  const parts = (await askEtcd(bed, "maintenance/snapshot", {})).trim().split("\n");
  return Buffer.concat(parts.map((part) => Buffer.from(JSON.parse(part).result.blob ?? "", "base64")));
}
