/** What is not worth a warning; `mistakes.ts` has what is. */
import type { ClusterSettings } from "../../src/config/settings";
import { warningsOf } from "../../src/config/warnings";
import { ALPHARD, REFERENCE, server, type TestNode } from "../fixture";
import { OPERATOR_KEY } from "./operator-key";
import { resolved } from "./resolved";

const { k3s, vm } = REFERENCE;
const [disk] = vm.disks ?? [];

const LOAD_BALANCER = { pool: { from: "172.22.0.200", to: "172.22.0.219" } };

const tcp = (from: number, to = from) => ({ protocol: "tcp" as const, from, to });

const web = (from: string, ports = { from: 80, to: 443 }) => ({
  from,
  to: "every host",
  protocol: "tcp" as const,
  ports,
  why: "the web",
});

const PVE_NODE = {
  cores: 16,
  memoryMib: 65_536,
  datastores: { "Cesspool-VM": { sizeGib: 900, shared: true } },
  bridges: ["vmbr0"],
};

const pveWith = (count: number, more: object = {}): Partial<ClusterSettings> => ({
  vm: { ...vm, pveNode: undefined },
  pve: {
    nodes: Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `pve${index}`,
        { ...PVE_NODE, templateVmId: 9000 + index },
      ]),
    ),
    ...more,
  },
});

const SERVERS = [{ ...ALPHARD, clusterInit: true }, server("s1", "acrux", 137), server("s2", "alnair", 138)];

test.each<[string, Partial<ClusterSettings>, (readonly TestNode[])?]>([
  [
    "a thread for each disk, where its controller has them",
    {
      vm: {
        ...vm,
        scsiHardware: "virtio-scsi-single",
        disks: [{ ...(disk ?? { interface: "scsi0", datastore: "a", sizeGib: 32 }), iothread: true }],
      },
    },
  ],
  [
    "a mirror between nodes for a registry",
    { k3s: { ...k3s, embeddedRegistry: true, registries: [{ registry: "*" }] } },
  ],
  [
    "Traefik with an address that something else gives it",
    { k3s: { ...k3s, serviceLb: false, exposedPorts: [tcp(8443)] } },
  ],
  [
    "Traefik behind a load balancer, with published ports",
    { loadBalancer: LOAD_BALANCER, k3s: { ...k3s, serviceLb: false, exposedPorts: [tcp(80), tcp(443)] } },
  ],
  [
    "Traefik behind a load balancer, with a flow from everyone",
    {
      loadBalancer: LOAD_BALANCER,
      k3s: { ...k3s, serviceLb: false },
      firewall: { allow: [web("everyone")] },
    },
  ],
  [
    "Traefik behind a load balancer, with a flow from one of two networks of the LAN",
    {
      loadBalancer: LOAD_BALANCER,
      k3s: { ...k3s, serviceLb: false },
      network: { ...REFERENCE.network, lanCidrs: ["172.22.0.0/24", "192.168.0.0/24"] },
      firewall: { allow: [web("192.168.0.0/24")] },
    },
  ],
  ["a flag that the K3s of NixOS 25.11 has", { k3s: { ...k3s, serverFlags: ["--etcd-s3-retention=3"] } }],
  [
    "a flag that each release of the pinned K3s has",
    { k3s: { ...k3s, package: "k3s_1_34", serverFlags: ["--etcd-s3-retention=3"] } },
  ],
  ["servers on different PVE nodes", pveWith(3), SERVERS],
  ["servers that are kept apart, with a PVE node to spare", pveWith(4, { ha: "servers" }), SERVERS],
  ["agents under HA", pveWith(2, { ha: "agents" }), [ALPHARD]],
])("nothing is said about %s", (_, settings, nodes = [ALPHARD]) => {
  const { cluster, faults } = resolved({ ...REFERENCE, ...settings }, nodes, OPERATOR_KEY, {
    places: new Map(),
    isReadable: true,
  });
  expect(faults).toEqual([]);
  expect(warningsOf(cluster, [])).toEqual([]);
});
