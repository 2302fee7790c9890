/** What it takes to simulate every failure of a large cluster, and every two. */
import { PveSchema } from "../../src/config/settings";
import { withDefaults } from "../../src/config/validation";
import type { Subject } from "../../src/simulation/failure";
import { simulate } from "../../src/simulation/simulation";

const PVE_NODES = 20;
const SERVERS = 5;

export interface Simulated {
  readonly nodes: number;
  readonly failures: number;
  readonly pairs: number;
  readonly seconds: number;
  /** Of the processor, which a busy machine shares. */
  readonly cpuSeconds: number;
}

export function measureSimulation(nodes: number): Simulated {
  const subject = clusterOf(nodes);
  const [begin, cpu] = [performance.now(), process.cpuUsage()];
  const { singles, pairs } = simulate(subject);
  let count = 0;
  for (const { failures } of pairs) count += failures.length / 2;
  const { user, system } = process.cpuUsage(cpu);
  return {
    nodes,
    failures: singles.length,
    pairs: count,
    seconds: (performance.now() - begin) / 1000,
    cpuSeconds: (user + system) / 1_000_000,
  };
}

/** Five servers that the HA manager looks after, and agents, in turn on twenty PVE nodes with two bridges and a datastore of their own. */
function clusterOf(count: number): Subject {
  const pveNode = {
    cores: 64,
    memoryMib: 262_144,
    datastores: { ceph: { sizeGib: 100_000, shared: true }, local: { sizeGib: 10_000 } },
    bridges: ["vmbr0", "vmbr1"],
  };
  const names = Array.from({ length: PVE_NODES }, (_, index) => `pve${index + 1}`);
  const pve = withDefaults(PveSchema, {
    nodes: Object.fromEntries(names.map((name) => [name, pveNode])),
    ha: "servers",
  });
  const nodes = Array.from({ length: count }, (_, index) => ({
    hostname: `star-${index}`,
    role: index < SERVERS ? "server" : "agent",
    vmId: 1000 + index,
    ipv4Address: `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`,
    nixos: { networkInterface: "ens18" },
    vm: {
      pveNode: names[index % PVE_NODES],
      cores: 2,
      sockets: 1,
      memoryMib: 4096,
      disks: [{ interface: "scsi0", datastore: index < SERVERS ? "ceph" : "local", sizeGib: 32 }],
      networkInterfaces: [{ bridge: "vmbr0" }, { bridge: "vmbr1", name: "storage0" }],
    },
  })) as unknown as Subject["nodes"];
  const http = { from: "lan", to: "every host", protocol: "tcp", ports: { from: 80, to: 80 } } as const;
  return {
    pve,
    nodes,
    apiEndpoint: "https://10.0.9.9:6443",
    apiVip: { address: "10.0.9.9", routerId: 9 },
    flows: [{ ...http, servedBy: "service", why: "HTTP" }],
  };
}
