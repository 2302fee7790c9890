import { rmSync } from "node:fs";
import { join } from "node:path";
import type { AllowedFlow, ClusterSettings, FirewallSettings, Role } from "../../../src/config/settings";
import { ALPHARD, emit, FIVE_NODES, HAMAL, MIZAR, REFERENCE, REPOSITORY, type TestNode } from "../../fixture";
import {
  EXTENDED_FLOWS,
  FIVE_NODES_FLOWS,
  HOST_GATEWAY_FLOWS,
  IPV6_FLOWS,
  REFERENCE_FLOWS,
  STORAGE_FLOWS,
  WIREGUARD_FLOWS,
} from "../flows";
import { FURTHER_AGENT_FLOWS, FURTHER_SERVER_FLOWS } from "../further-flows";
import { codeIn, textOf } from "../../markdown";
import { newFolder } from "../clusters";
import { Lab, type Check } from "./lab";

/** A cluster for the lab, with the claims about it. */
export interface LabCluster {
  readonly name: string;
  /** As HostFiles would write it. @default - as it is committed */
  readonly settings?: Partial<ClusterSettings>;
  /** @default - alphard, a server, and the agents hamal and mizar */
  readonly nodes?: readonly TestNode[];
  readonly flows: readonly Check[];
  /** Further claims, against which no mutation is tried. @default - none */
  readonly unmutated?: readonly Check[];
  /** Roles whose rules are mutated. @default - both */
  readonly mutatedRoles?: readonly Role[];
}

export const ROLES: readonly Role[] = ["server", "agent"];

/** The lab of a cluster, built without a firewall. */
export async function startLab({ settings, nodes = [ALPHARD, HAMAL, MIZAR] }: LabCluster): Promise<Lab> {
  if (settings === undefined) return Lab.start(join(REPOSITORY, "nix"));
  const folder = newFolder();
  try {
    emit(folder, nodes, { ...REFERENCE, ...settings });
    return await Lab.start(join(folder, "nix"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The documents' line for a service whose endpoint is a program of hamal's. */
function hostProgram(): AllowedFlow {
  const text = textOf("docs/reference/firewall.md");
  const paragraph = /^\*\*A program of a host as a service's endpoint\*\*[^]*?\n\n/m.exec(text)?.[0] ?? "";
  const [line = ""] = codeIn(paragraph).filter((code) => code.startsWith("firewall: "));
  const { firewall } = JSON.parse(`{${line.replace(/(\w+): /g, '"$1": ')}}`) as {
    firewall: FirewallSettings;
  };
  return firewall.allow?.[0] as AllowedFlow;
}

const port = (number: number) => ({ from: number, to: number });

const tcp = (number: number) => ({ protocol: "tcp", ports: port(number) }) as const;
const udp = (number: number) => ({ protocol: "udp", ports: port(number) }) as const;

const { network, k3s, nixos } = REFERENCE;

export const LAB_CLUSTERS: readonly LabCluster[] = [
  {
    name: "the reference cluster, as committed",
    flows: REFERENCE_FLOWS,
  },
  {
    name: "three servers, which hold the API's own address in turn, and two agents",
    settings: { apiEndpoint: undefined, apiVip: { address: "172.22.0.30" } },
    nodes: FIVE_NODES,
    flows: FIVE_NODES_FLOWS,
  },
  {
    name: "a cluster with everything that an owner may add",
    settings: {
      network: {
        ...network,
        lanCidrs: ["172.22.0.0/24", "192.168.77.0/24"],
        managementCidrs: ["172.22.0.0/24", "10.8.0.0/24", "fd00:3::/64"],
        operatorCidrs: ["10.8.0.0/24"],
        gateway: "172.22.0.1",
        nameservers: ["172.22.0.1"],
      },
      k3s: {
        ...k3s,
        serviceLb: false,
        embeddedRegistry: true,
        exposedPorts: [{ protocol: "tcp", ...port(25_565) }],
      },
      nixos: { ...nixos, monitoring: { from: ["192.168.50.0/24", "pods"], nodeExporterPort: 9101 } },
      loadBalancer: { pool: { from: "172.22.0.200", to: "172.22.0.209" } },
      firewall: {
        allow: [
          { from: "192.168.50.0/24", to: "every host", protocol: "tcp", ports: port(9100), why: "metrics" },
          { from: "192.168.50.0/24", to: "servers", protocol: "udp", ports: port(9100), why: "traps" },
          { from: "fd00:4::/64", to: "every host", protocol: "tcp", ports: port(9200), why: "metrics" },
          hostProgram(),
          { from: "pods", to: "servers", protocol: "tcp", ports: port(9200), why: "a server's program" },
          { from: "fd00:4::/64", to: "servers", protocol: "icmp", why: "ping of the servers" },
          { from: "172.22.0.1/32", to: "servers", protocol: 47, why: "a tunnel of the router" },
          { from: "nodes", to: "hamal", protocol: 47, why: "tunnels to hamal" },
          { from: "everyone", to: "mizar", protocol: "tcp", ports: port(30_080), why: "the website" },
        ],
      },
    },
    flows: EXTENDED_FLOWS,
    unmutated: STORAGE_FLOWS,
  },
  {
    name: "a LAN of IPv6, and pods that are trusted",
    settings: {
      network: { ...network, lanCidrs: ["172.22.0.0/24", "fd00:22::/64"] },
      firewall: { trustPods: true },
    },
    flows: IPV6_FLOWS,
  },
  {
    name: "host-gw in place of VXLAN",
    settings: { k3s: { ...k3s, flannelBackend: "host-gw" } },
    flows: HOST_GATEWAY_FLOWS,
  },
  {
    name: "WireGuard in place of VXLAN, for which plain datagrams and a cable stand in",
    settings: { k3s: { ...k3s, flannelBackend: "wireguard-native" } },
    flows: WIREGUARD_FLOWS,
  },
  {
    name: "hosts with an interface to a storage network and a VLAN on it",
    settings: {
      // Whoever the LAN's rules mean could otherwise come over any interface.
      network: { ...network, lanCidrs: ["172.22.0.0/24", "198.18.0.0/16"] },
      vm: {
        ...REFERENCE.vm,
        networkInterfaces: [
          { bridge: "vmbr0" },
          {
            bridge: "vmbr1",
            name: "storage0",
            address: { network: "198.18.0.0/24" },
            vlans: [{ id: 20, name: "backup0", address: { network: "198.18.20.0/24" } }],
          },
        ],
      },
      firewall: {
        allow: [
          {
            from: "198.18.0.48/28",
            to: "servers",
            over: "storage0",
            ...tcp(22),
            why: "SSH of the storage's hosts",
          },
          { from: "nodes", to: "every host", over: "storage0", ...tcp(9200), why: "replication" },
          { from: "everyone", to: "every host", over: "storage0", ...tcp(30_080), why: "the website" },
          { from: "everyone", to: "every host", over: "storage0", ...udp(5353), why: "discovery" },
          { from: "everyone", to: "every host", over: "backup0", ...udp(5353), why: "discovery of backups" },
        ],
      },
    },
    flows: FURTHER_SERVER_FLOWS,
    // What other clusters show of the node network, and of the other role, which has the same rules for further interfaces.
    unmutated: [...FURTHER_AGENT_FLOWS, ...REFERENCE_FLOWS],
    mutatedRoles: ["server"],
  },
];
