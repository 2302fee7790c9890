/**
 * Stand-in for `k3s server` as a restore calls it: resets to a snapshot, or serves what is in a data folder until it is killed. As real
 * ones did: an empty path resets to an empty cluster, with success and the same words; a missing, cut off or spoilt snapshot, another
 * token, and a server URL end with 1.
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const value = (name: string): string | undefined =>
  process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);

function fatal(message: string): never {
  console.error(`time="${new Date().toISOString()}" level=fatal msg="${message}"`);
  process.exit(1);
}

const data = value("data-dir") ?? "/var/lib/rancher/k3s";
const path = value("cluster-reset-restore-path");
const faults = (name: string): boolean => existsSync(`/faults/${name}`);

function checkSnapshot(file: string): void {
  if (!existsSync(file)) fatal(`etcd: snapshot path does not exist: ${file}`);
  const bytes = readFileSync(file);
  if (bytes.length % 512 !== 32) fatal("snapshot missing hash but --skip-hash-check=false");
  const [expected, got] = [bytes.subarray(-32), createHash("sha256").update(bytes.subarray(0, -32)).digest()];
  if (!expected.equals(got)) fatal(`expected sha256 [${expected.join(" ")}], got [${got.join(" ")}]`);
}

function reset(): void {
  if (value("server") !== undefined)
    fatal(
      "cannot perform cluster-reset while server URL is set - remove server from configuration before resetting",
    );
  if (path !== undefined && path !== "" && !faults("restores-nothing")) {
    const token = `${data}/server/token`;
    if (!existsSync(token)) fatal(`${token} does not exist, please pass --token to complete the restoration`);
    checkSnapshot(path);
    if (readFileSync(token, "utf8").trim() !== readFileSync("/cluster/token", "utf8"))
      fatal("bootstrap data already found and encrypted with different token");
    mkdirSync(`${data}/server/db/etcd/member/snap`, { recursive: true });
    cpSync(path, `${data}/server/db/etcd/member/snap/db`);
    mkdirSync(`${data}/server/cred`, { recursive: true });
  }
  mkdirSync(`${data}/server/db`, { recursive: true });
  writeFileSync(`${data}/server/db/reset-flag`, "");
  console.log("Managed etcd cluster membership has been reset, restart without --cluster-reset flag now.");
}

if (process.argv.includes("--cluster-reset")) reset();
else {
  writeFileSync(value("write-kubeconfig") ?? "", "of the server aside", { mode: 0o600 });
  setInterval(() => undefined, 60_000);
}
