import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { resolveCluster, resolveCommon } from "../../src/config/cluster";
import type { Cluster } from "../../src/config/model";
import type { ClusterSettings } from "../../src/config/settings";
import { resolveNode } from "../../src/config/node";
import { withHeader } from "../../src/emit/header";
import { makeOperatorKey, type OperatorKey } from "../machines/operator";
import { Testbed } from "../machines/testbed";
import { renderClusterJson } from "../../src/render/cluster-json";
import { renderHosts } from "../../src/render/host";
import { macAddressOf } from "./nodes";
import { REFERENCE } from "../reference";
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

const METRICS = {
  from: "192.168.50.0/24",
  to: "every host",
  protocol: "tcp",
  ports: { from: 9100, to: 9100 },
  why: "metrics",
} as const;

/** Changes the firewall of all hosts. */
export async function measureRollout(nodes: number, stepSeconds: number): Promise<Rollout> {
  const after = { firewall: { allow: [METRICS] } };
  const { seconds } = await measureChange({ nodes, stepSeconds, before: {}, after, words: ["apply"] });
  return { nodes, chain: chainOf(nodes), stepSeconds, seconds };
}

/** Brings all hosts to the next minor of K3s: a backup, which is tried, servers one by one, one agent, and the others. */
export async function measureUpgrade(nodes: number, stepSeconds: number): Promise<Rollout> {
  const k3s = (minor: number) => ({ k3s: { ...REFERENCE.k3s, package: `k3s_1_${minor}` } });
  const words = ["upgrade", "--k3s", "1.35", "--soak", "1"];
  const change = await measureChange({ nodes, stepSeconds, before: k3s(34), after: k3s(35), words });
  return { nodes, stepSeconds, ...change };
}

interface Change {
  readonly nodes: number;
  readonly stepSeconds: number;
  readonly before: Partial<ClusterSettings>;
  readonly after: Partial<ClusterSettings>;
  /** The command that brings all hosts from one to the other. */
  readonly words: readonly string[];
}

/** With real SSH servers, where each remote step takes that long. */
async function measureChange(change: Change): Promise<Pick<Rollout, "chain" | "seconds">> {
  const { nodes, stepSeconds, before, after, words } = change;
  const folder = mkdtempSync(join(tmpdir(), "k3s-bench-"));
  const key = makeOperatorKey(folder);
  writeFileSync(join(folder, "token"), "planted-for-the-bench\n");
  emit(clusterOf(nodes, key, before), join(folder, "nix"));
  const testbed = await Testbed.start({ nix: join(folder, "nix") }, key, "planted-for-the-bench");
  try {
    emit(clusterOf(nodes, key, after), join(folder, "nix"));
    await pinKeys(testbed, join(folder, "known_hosts"));
    for (const { hostname } of testbed.nodes) testbed.setFault(hostname, "step-seconds", `${stepSeconds}`);
    const begin = performance.now();
    const { status, stdout, stderr } = await testbed.rollout([...words, "--yes"], folder);
    const seconds = (performance.now() - begin) / 1000;
    if (status !== 0) throw new Error(`the rollout failed:\n${stdout}\n${stderr}`);
    const steps = readFileSync(join(testbed.clusterFolder, "steps"), "utf8");
    return { chain: longestChain(steps, stepSeconds), seconds };
  } finally {
    await testbed.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The most steps of which none overlaps another.
 *
 * @param steps - lines of a step's begin, in hundredths of a second, and its machine; a step may be recorded twice
 */
export function longestChain(steps: string, stepSeconds: number): number {
  const begins = [...new Set(steps.split("\n").filter(Boolean))].map((line) => Number.parseInt(line) / 100);
  let [count, end] = [0, -Infinity];
  for (const begin of begins.sort((a, b) => a - b)) {
    if (begin < end) continue;
    count++;
    end = begin + stepSeconds;
  }
  return count;
}

async function pinKeys(testbed: Testbed, file: string): Promise<void> {
  const keys = testbed.nodes.map(async ({ hostname }) => {
    const key = await testbed.on(hostname, "cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub");
    return `${hostname} ${key}`;
  });
  writeFileSync(file, (await Promise.all(keys)).join(""));
}

export function clusterOf(
  count: number,
  { publicKey }: OperatorKey,
  more: Partial<ClusterSettings>,
): Cluster {
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
    rollout: { tokenPath: "token" },
    ...more,
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
