/** Cost of one host's ruleset: rules, load, and a new connection from another node, which only a rule for nodes admits. */
import { createWriteStream, writeFileSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Cluster, Node } from "../../src/config/model";
import { unshareAsRoot } from "../namespaces/unshare";
import { NetnsSandbox } from "../namespaces/netns-sandbox";
import { TABLE } from "../../src/render/firewall";
import { median } from "./measure";
import { cluster, perPair, product } from "./rulesets";

export interface RulesetMeasurement {
  readonly rules: number;
  /** Wall time of `nft -f`. */
  readonly loadSeconds: number;
  /** Seconds until a new TCP connection is open: the median of all rounds. */
  readonly latency: number;
  /** The median of each round, in which every ruleset is measured. */
  readonly latencies: readonly number[];
}

export interface FirewallMeasurement {
  readonly nodes: number;
  /** Latency without a ruleset. */
  readonly bare: number;
  readonly product: RulesetMeasurement;
  /** Missing when the machine has too little memory for it. */
  readonly perPair?: RulesetMeasurement;
}

/** Source of the numbers: `nft` takes 4.2 GB to load the pairs of 1000 nodes, and the kernel holds them. */
const PER_PAIR_BYTES_A_RULE = 6_000;

/** Number of connections in a round. */
const CONNECTIONS = 200;

/** Many short rounds, since a connection takes microseconds and disturbances are short. */
const ROUNDS_A_RUN = 4;

/** The kubelet's port: both rulesets open it to nodes only. */
const PORT = 10_250;

/** Both ends run on one CPU, since waking another one takes as long as a connection. */
const ONE_CPU = "taskset -c 0";

/** A ruleset in its own host, with another node next to it. */
interface Bed {
  readonly host: string;
  readonly client: string;
  readonly address: string;
  /** Its ruleset, if it has one. */
  readonly file?: string;
  readonly loads: number[];
  readonly latencies: number[];
}

/** The hosts of one size. */
interface Beds {
  readonly nodes: number;
  readonly bare: Bed;
  readonly product: Bed;
  readonly perPair?: Bed;
}

/** Measures all sizes in turn, round by round, so that a slow machine slows each of them. */
export async function measureFirewalls(
  sizes: readonly number[],
  runs: number,
  report: (what: string) => void,
): Promise<FirewallMeasurement[]> {
  const sandbox = await NetnsSandbox.start([], unshareAsRoot());
  try {
    const all: Beds[] = [];
    for (const nodes of sizes) all.push(await newBeds(sandbox, nodes));
    for (let run = 1; run <= runs; run++) {
      for (const { nodes, perPair } of all) {
        report(`load ${run} of ${runs}, ${nodes} nodes`);
        // A million rules take half a minute: once is enough.
        if (perPair && (run === 1 || pairs(nodes) < 100_000)) await load(sandbox, perPair);
      }
    }
    for (let round = 1; round <= ROUNDS_A_RUN * runs; round++) {
      report(`connections ${round} of ${ROUNDS_A_RUN * runs}`);
      // Forwards and backwards, so that a trend within a round affects each size alike.
      for (const { bare, product, perPair } of round % 2 === 0 ? all.toReversed() : all) {
        // Loaded again in each round, since the position of a set in memory affects its speed.
        await load(sandbox, product);
        for (const bed of [bare, product, perPair]) if (bed) bed.latencies.push(await latency(sandbox, bed));
      }
    }
    return await Promise.all(all.map((beds) => measurement(sandbox, beds)));
  } finally {
    await sandbox.stop();
  }
}

const pairs = (nodes: number): number => nodes * (nodes - 1);

async function newBeds(sandbox: NetnsSandbox, nodes: number): Promise<Beds> {
  const all = cluster(nodes);
  const fits = pairs(nodes) * PER_PAIR_BYTES_A_RULE < freemem();
  return {
    nodes,
    bare: await newBed(sandbox, "bare", all),
    product: await newBed(sandbox, "product", all),
    perPair: fits ? await newBed(sandbox, "pairs", all) : undefined,
  };
}

async function measurement(
  sandbox: NetnsSandbox,
  { nodes, bare, product, perPair }: Beds,
): Promise<FirewallMeasurement> {
  const costs = ({ loads, latencies }: Bed): Omit<RulesetMeasurement, "rules"> => ({
    loadSeconds: median(loads),
    latency: median(latencies),
    latencies,
  });
  return {
    nodes,
    bare: median(bare.latencies),
    product: { ...costs(product), rules: await rulesOf(sandbox, product) },
    // Plus the rule for established connections. Listing them would take longer than loading them.
    perPair: perPair && { ...costs(perPair), rules: pairs(nodes) + 1 },
  };
}

/** The first node of the cluster and, as its client, the one in the middle, whose pairs are in the middle of all. */
async function newBed(sandbox: NetnsSandbox, name: string, all: Cluster): Promise<Bed> {
  const host = all.nodes[0] as Node;
  const client = all.nodes[Math.floor(all.nodes.length / 2)] as Node;
  const bed = {
    host: `${name}-${all.nodes.length}`,
    client: `${name}-${all.nodes.length}-client`,
    address: host.ipv4Address,
    loads: [],
    latencies: [],
  };
  const nic = host.nixos.networkInterface;
  const end = ({ ipv4Address }: Node): string => `${ipv4Address}/16`;
  await sandbox.shell(`
ip netns add ${bed.host}
ip netns add ${bed.client}
ip link add name ${nic} netns ${bed.host} address ${host.macAddress} type veth peer name ${nic} netns ${bed.client} address ${client.macAddress}
ip -n ${bed.host} address add ${end(host)} dev ${nic}
ip -n ${bed.client} address add ${end(client)} dev ${nic}
ip -n ${bed.host} link set ${nic} up
ip -n ${bed.client} link set ${nic} up
ip -n ${bed.client} neighbour add ${host.ipv4Address} lladdr ${host.macAddress} dev ${nic}
ip -n ${bed.host} neighbour add ${client.ipv4Address} lladdr ${client.macAddress} dev ${nic}`);
  await sandbox.run([
    ...NetnsSandbox.in(bed.host),
    "sh",
    "-c",
    `${ONE_CPU} perl -e '${SERVER}' ${PORT} >/dev/null 2>&1 &`,
  ]);
  const file = join(sandbox.folder, `${bed.host}.nft`);
  if (name === "product") writeFileSync(file, product(all, host));
  if (name === "pairs") await pipeline(Readable.from(perPair(all.nodes)), createWriteStream(file));
  return name === "bare" ? bed : { ...bed, file };
}

/**
 * Median of new connections one after another, each closed by a reset, so that none of them lingers. In perl, whose
 * calls block: Node's event loop takes longer than what is measured.
 */
const SERVER = `use Socket; $p = shift; socket S, PF_INET, SOCK_STREAM, 0; bind S, sockaddr_in($p, INADDR_ANY) or die $!;
listen S, 99; while (accept C, S) { close C }`;
const CLIENT = `use Socket; use Time::HiRes qw(time); ($h, $p, $n) = @ARGV; $to = sockaddr_in($p, inet_aton($h)); alarm 60;
for (1 .. $n) {
  socket S, PF_INET, SOCK_STREAM, 0; setsockopt S, SOL_SOCKET, SO_LINGER, pack "ii", 1, 0;
  $t = time; connect S, $to or die "connect: $!"; push @t, time - $t; close S;
}
@t = sort { $a <=> $b } @t; print $t[$#t / 2];`;

async function latency(sandbox: NetnsSandbox, { client, address }: Bed): Promise<number> {
  const argv = [...ONE_CPU.split(" "), "perl", "-e", CLIENT, address, String(PORT), String(CONNECTIONS)];
  return Number(await sandbox.run([...NetnsSandbox.in(client), ...argv]));
}

async function load(sandbox: NetnsSandbox, { host, file, loads }: Bed): Promise<void> {
  const start = performance.now();
  await sandbox.run([...NetnsSandbox.in(host), "nft", "-f", file as string]);
  loads.push((performance.now() - start) / 1000);
}

async function rulesOf(sandbox: NetnsSandbox, { host }: Bed): Promise<number> {
  const listing = await sandbox.run([...NetnsSandbox.in(host), "nft", "-j", "list", "table", "inet", TABLE]);
  const { nftables } = JSON.parse(listing) as { nftables: object[] };
  return nftables.filter((entry) => "rule" in entry).length;
}
