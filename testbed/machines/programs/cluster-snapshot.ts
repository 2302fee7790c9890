/** Writes a snapshot of the cluster, as the stand-in for etcd would. $1: bytes of an object that makes it larger */
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { presentState, snapshotOf } from "../cluster-state";

const bytes = snapshotOf(presentState(), randomBytes(Number(process.argv[2] ?? "0") / 2).toString("hex"));
for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at);
