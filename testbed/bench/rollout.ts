import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { resolveCluster, resolveCommon } from "../../src/config/cluster";
import type { Cluster } from "../../src/config/model";
import { resolveNode } from "../../src/config/node";
import { withHeader } from "../../src/emit/header";
import { makeOperatorKey, type OperatorKey } from "../machines/operator";
import { Testbed } from "../machines/testbed";
import { renderClusterJson } from "../../src/render/cluster-json";
import { renderHosts } from "../../src/render/host";
import { macAddressOf } from "./nodes";
import { settings } from "./settings";

/** The duration of a rollout to that many hosts. */
export interface Rollout {
  readonly nodes: number;
  /** Number of consecutive steps, with the order and parallelism of a rollout. */
  readonly chain: number;
  readonly stepSeconds: number;
  readonly seconds: number;
}

const AGENTS_AT_ONCE = 3;

/** Steps that happen once: the hosts are read, locked by a Lease, built, unlocked and verified. */
const LEASE = ["kubectl", "clock", "kubectl"];
const ONCE = ["facts", "kubectl", ...LEASE, "build", "kubectl", "kubectl", "facts", "kubectl", "inspect"];

/**
 * The steps of each host: the confirmation uses a connection made after the activation had ended, while the last heartbeat of
 * the kubelet is read.
 */
const TURN = ["kubectl", "activate", "inspect", "inspect", "kubectl", "commit"];

const serversOf = (nodes: number): number => (nodes < 10 ? 1 : 3);

function chainOf(nodes: number): number {
  const servers = serversOf(nodes);
  const turns = servers + Math.ceil((nodes - servers) / AGENTS_AT_ONCE);
  return ONCE.length + serversOf(nodes) + turns * TURN.length; // a lock on each server
}

/** Changes the firewall of all hosts, with real SSH servers, where each remote step takes that long. */
export async function measureRollout(nodes: number, stepSeconds: number): Promise<Rollout> {
  const folder = mkdtempSync(join(tmpdir(), "k3s-bench-"));
  const key = makeOperatorKey(folder);
  writeFileSync(join(folder, "token"), "planted-for-the-bench\n");
  emit(clusterOf(nodes, key, []), join(folder, "nix"));
  const testbed = await Testbed.start({ nix: join(folder, "nix") }, key, "planted-for-the-bench");
  try {
    const ports = { from: 9100, to: 9100 };
    const metrics = {
      from: "192.168.50.0/24",
      to: "every host",
      protocol: "tcp",
      ports,
      why: "metrics",
    } as const;
    emit(clusterOf(nodes, key, [metrics]), join(folder, "nix"));
    for (const { hostname } of testbed.nodes) testbed.setFault(hostname, "step-seconds", `${stepSeconds}`);
    const begin = performance.now();
    const { status, stdout, stderr } = await testbed.rollout(
      ["apply", "--yes", "--accept-new-host-keys"],
      folder,
    );
    if (status !== 0) throw new Error(`the rollout failed:\n${stdout}\n${stderr}`);
    return { nodes, chain: chainOf(nodes), stepSeconds, seconds: (performance.now() - begin) / 1000 };
  } finally {
    await testbed.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Allowed = Cluster["firewall"]["allow"];

export function clusterOf(count: number, { publicKey }: OperatorKey, allow: Allowed): Cluster {
  const shared = settings("pve");
  const network = {
    ...shared.network,
    nodeCidr: "172.22.0.0/24",
    podCidr: "10.42.0.0/16",
    macAddressBase: { vmId: 101, macAddress: macAddressOf(101) },
  };
  const own = {
    ...shared,
    network,
    apiEndpoint: "https://172.22.0.101:6443",
    firewall: { allow },
    rollout: { tokenPath: "token" },
  };
  const { common } = resolveCommon(own, publicKey);
  const nodes = Array.from({ length: count }, (_, index) => {
    const role = index < serversOf(count) ? "server" : "agent";
    const founds = role === "server" ? { clusterInit: index === 0 } : {};
    return resolveNode(
      `k3s-${role}-${index}`,
      role,
      { hostname: `star-${index}`, vmId: 101 + index, ...founds },
      own,
    ).node;
  });
  return resolveCluster(common, nodes).cluster;
}

/** As HostFiles does, without CDKTF. */
export function emit(cluster: Cluster, nix: string): void {
  const texts = new Map(
    [...renderHosts(cluster, new Set())].map(([path, body]) => [path, withHeader(path, body)]),
  );
  const hashes = new Map(
    [...texts].map(([path, text]) => [path, createHash("sha256").update(text).digest("hex")]),
  );
  texts.set(
    "cluster.json",
    withHeader("cluster.json", renderClusterJson(cluster, new Set(), hashes, [], "k3s")),
  );
  for (const [path, text] of texts) {
    mkdirSync(dirname(join(nix, path)), { recursive: true });
    writeFileSync(join(nix, path), text);
  }
}
