import { LOAD_BALANCER_PORTS, type Service } from "./services";
import type { Host, LabNode } from "./topology";

/**
 * kube-proxy's, flannel's and the port map's rules on one node, as iptables-restore reads them.
 *
 * Sources: kubernetes, pkg/proxy/iptables/proxier.go; flannel, pkg/trafficmngr/iptables; containernetworking/plugins,
 * plugins/meta/portmap. Rules that no packet here reaches are left out: session affinity, canaries.
 */
export function kubeRules(node: LabNode, podCidr: string, services: readonly Service[]): string {
  const nat = [
    "-A PREROUTING -j KUBE-SERVICES",
    "-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
    "-A OUTPUT -j KUBE-SERVICES",
    "-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
    "-A POSTROUTING -j CNI-HOSTPORT-MASQ",
    "-A POSTROUTING -j KUBE-POSTROUTING",
    "-A POSTROUTING -j FLANNEL-POSTRTG",
    "-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000",
    "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
    "-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000",
    "-A KUBE-POSTROUTING -j MASQUERADE --random-fully",
    ...services.flatMap((service) => serviceRules(service, podCidr)),
    "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS",
    ...flannelMasquerade(node.podCidr, podCidr),
    ...portMap(node.podCidr, node.pods[1] as Host),
  ];
  const filter = [
    "-A INPUT -j KUBE-FIREWALL",
    "-A FORWARD -j KUBE-FORWARD",
    "-A FORWARD -j FLANNEL-FWD",
    "-A OUTPUT -j KUBE-FIREWALL",
    "-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP",
    "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP",
    "-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT",
    "-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    `-A FLANNEL-FWD -s ${podCidr} -j ACCEPT`,
    `-A FLANNEL-FWD -d ${podCidr} -j ACCEPT`,
  ];
  return [...table("nat", nat), ...table("filter", filter), ""].join("\n");
}

function serviceRules(service: Service, podCidr: string): string[] {
  const { name, protocol, clusterIp, port, nodePort, externalIp, endpoints } = service;
  const proto = `-p ${protocol} -m ${protocol}`;
  const dialled = `-d ${clusterIp}/32 ${proto} --dport ${port}`;
  return [
    `-A KUBE-SERVICES ${dialled} -j KUBE-SVC-${name}`,
    ...(externalIp === undefined
      ? []
      : [`-A KUBE-SERVICES -d ${externalIp}/32 ${proto} --dport ${port} -j KUBE-EXT-${name}`]),
    ...(nodePort === undefined ? [] : [`-A KUBE-NODEPORTS ${proto} --dport ${nodePort} -j KUBE-EXT-${name}`]),
    ...(nodePort === undefined && externalIp === undefined
      ? []
      : [`-A KUBE-EXT-${name} -j KUBE-MARK-MASQ`, `-A KUBE-EXT-${name} -j KUBE-SVC-${name}`]),
    `-A KUBE-SVC-${name} ! -s ${podCidr} ${dialled} -j KUBE-MARK-MASQ`,
    ...endpoints.flatMap(({ address, port }, index) => {
      const left = endpoints.length - index;
      const chance = left === 1 ? "" : `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `;
      const endpoint = `KUBE-SEP-${name}${index}`;
      return [
        `-A KUBE-SVC-${name} ${chance}-j ${endpoint}`,
        `-A ${endpoint} -s ${address}/32 -j KUBE-MARK-MASQ`,
        `-A ${endpoint} ${proto} -j DNAT --to-destination ${address}:${port}`,
      ];
    }),
  ];
}

const flannelMasquerade = (own: string, all: string): string[] => [
  "-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -j RETURN",
  `-A FLANNEL-POSTRTG -s ${own} -d ${all} -j RETURN`,
  `-A FLANNEL-POSTRTG -s ${all} -d ${own} -j RETURN`,
  `-A FLANNEL-POSTRTG ! -s ${all} -d ${own} -j RETURN`,
  `-A FLANNEL-POSTRTG -s ${all} ! -d 224.0.0.0/4 -j MASQUERADE --random-fully`,
  `-A FLANNEL-POSTRTG ! -s ${all} -d ${all} -j MASQUERADE --random-fully`,
];

/** Host ports of ServiceLB's pod on this node. */
const portMap = (own: string, { address }: Host): string[] => [
  "-A CNI-HOSTPORT-SETMARK -j MARK --or-mark 0x2000",
  "-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE",
  `-A CNI-HOSTPORT-DNAT -p tcp -m multiport --dports ${LOAD_BALANCER_PORTS.join(",")} -j CNI-DN-SVCLB`,
  ...LOAD_BALANCER_PORTS.flatMap((port) => [
    `-A CNI-DN-SVCLB -s ${own} -p tcp --dport ${port} -j CNI-HOSTPORT-SETMARK`,
    `-A CNI-DN-SVCLB -s 127.0.0.1 -p tcp --dport ${port} -j CNI-HOSTPORT-SETMARK`,
    `-A CNI-DN-SVCLB -p tcp --dport ${port} -j DNAT --to-destination ${address}:${port}`,
  ]),
];

/** What ServiceLB's pod has in its own namespace. Source: k3s-io/klipper-lb, entry. */
export const loadBalancerRules = (clusterIp: string): string =>
  [
    ...table("nat", [
      ...LOAD_BALANCER_PORTS.map(
        (port) => `-A PREROUTING -p tcp --dport ${port} -j DNAT --to-destination ${clusterIp}:${port}`,
      ),
      `-A POSTROUTING -d ${clusterIp}/32 -p tcp -j MASQUERADE`,
    ]),
    "",
  ].join("\n");

/** A table with its chains: those to which rules jump, and those of the kernel. */
function table(name: string, rules: readonly string[]): string[] {
  const builtIn = { nat: ["PREROUTING", "OUTPUT", "POSTROUTING"], filter: ["INPUT", "FORWARD", "OUTPUT"] };
  const own = new Set(
    rules.flatMap((rule) => rule.match(/(?<=-A |-j )(KUBE|CNI|FLANNEL)-\S+/g) ?? []).sort(),
  );
  return [
    `*${name}`,
    ...builtIn[name as "nat" | "filter"].map((chain) => `:${chain} ACCEPT [0:0]`),
    ...[...own].map((chain) => `:${chain} - [0:0]`),
    ...rules,
    "COMMIT",
  ];
}
