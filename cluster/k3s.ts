import { shown, type Faults } from "./fault";
import type { K3s } from "./model";
import type { K3sSettings, PortRange, Role } from "./settings";

/** Port on which every K3s server serves the Kubernetes API and K3s' own supervisor. */
export const API_PORT = 6443;

export function resolveK3s(settings: K3sSettings): K3s {
  return {
    tokenFile: settings.tokenFile,
    traefik: settings.traefik,
    serviceLb: settings.serviceLb,
    package: settings.package ?? "k3s",
    flannelBackend: settings.flannelBackend ?? "vxlan",
    embeddedRegistry: settings.embeddedRegistry ?? false,
    nodePorts: settings.nodePorts ?? { from: 30_000, to: 32_767 },
    exposedPorts: settings.exposedPorts ?? [],
    kubeletReadOnlyPort: settings.kubeletReadOnlyPort ?? false,
    serverFlags: settings.serverFlags ?? [],
    agentFlags: settings.agentFlags ?? [],
  };
}

export function checkK3s(k3s: K3s, faults: Faults): void {
  checkTokenFile(k3s.tokenFile, faults);
  faults.unlessMatches("package", k3s.package, /^k3s(_\d+_\d+)?$/, "an attribute such as k3s_1_34");
  for (const choice of ["traefik", "serviceLb"] as const) {
    if (typeof k3s[choice] !== "boolean") faults.wrong(choice, "true or false", k3s[choice]);
  }
  checkPorts("nodePorts", k3s.nodePorts, faults);
  k3s.exposedPorts.forEach((ports, index) => {
    checkPorts(`exposedPorts[${index}]`, ports, faults);
    faults.unlessMatches(`exposedPorts[${index}].protocol`, ports.protocol, /^(tcp|udp)$/, "tcp or udp");
  });
  checkFlags("serverFlags", k3s.serverFlags, "server", faults);
  checkFlags("agentFlags", k3s.agentFlags, "agent", faults);
}

/** A value that is no path may be the token itself, so it is not repeated. */
function checkTokenFile(path: unknown, faults: Faults): void {
  const wish =
    "should be an absolute path on the hosts, outside /nix/store, such as /var/lib/k3s-secrets/token";
  const looksRight = typeof path === "string" && /^(\/[A-Za-z0-9._-]+)+$/.test(path);
  if (!looksRight) {
    faults.say("tokenFile", `${wish}; what was given is not repeated here, since it may be a token`);
  } else if (
    path.startsWith("/nix/store/") ||
    path.split("/").some((part) => part === ".." || part === ".")
  ) {
    faults.say("tokenFile", `${wish}, got ${shown(path)}`);
  }
}

export function checkPorts(setting: string, ports: PortRange | undefined, faults: Faults): void {
  if (ports === undefined) return faults.wrong(setting, "ports such as { from: 9100, to: 9100 }", ports);
  faults.unlessWhole(`${setting}.from`, ports.from, 1, 65_535);
  faults.unlessWhole(`${setting}.to`, ports.to, 1, 65_535);
  if (ports.from > ports.to) faults.wrong(setting, "a range from low to high", ports);
}

/** What the model decides, or what has no place in a world-readable command line. */
const RESERVED_FLAGS: Record<string, string> = {
  "--token": "'k3s.tokenFile'",
  "--token-file": "'k3s.tokenFile'",
  "--agent-token": "a file on the host",
  "--datastore-endpoint": "a file on the host, since it holds a password",
  "--vpn-auth": "--vpn-auth-file",
  "--etcd-s3-access-key": "--etcd-s3-config-secret",
  "--etcd-s3-secret-key": "--etcd-s3-config-secret",
  "--etcd-s3-session-token": "--etcd-s3-config-secret",
  "--server": "'apiEndpoint'",
  "--cluster-init": "'clusterInit'",
  "--node-name": "'hostname'",
  "--node-ip": "'ipv4Address'",
  "--node-label": "'nodeLabels'",
  "--node-taint": "'nodeTaints'",
  "--flannel-backend": "'k3s.flannelBackend'",
  "--embedded-registry": "'k3s.embeddedRegistry'",
  "--flannel-iface": "'nixos.networkInterface'",
  "--cluster-cidr": "'network.podCidr'",
  "--service-cidr": "'network.serviceCidr'",
  "--service-node-port-range": "'k3s.nodePorts'",
};

/** What the firewall relies upon: with these flags it would be right for another cluster. */
const FIXED_FLAGS: readonly { flag: RegExp; why: string }[] = [
  { flag: /^--https-listen-port/, why: `the firewall opens the API on ${API_PORT}` },
  { flag: /^--disable=(.*,)?(traefik|servicelb)(,|$)/, why: "'k3s.traefik' and 'k3s.serviceLb' say so" },
  { flag: /^--kubelet-arg=read-only-port=/, why: "'k3s.kubeletReadOnlyPort' says so" },
  { flag: /^--kubelet-arg=port=/, why: "the firewall opens the kubelet on 10250" },
  {
    flag: /^--kube-proxy-arg=proxy-mode=ipvs/,
    why: "the firewall goes by kube-proxy's rewritten destinations",
  },
  { flag: /^--disable-kube-proxy/, why: "the firewall goes by kube-proxy's rewritten destinations" },
  { flag: /^--flannel-(conf|external-ip)/, why: "the firewall is made for flannel as K3s sets it up" },
  { flag: /^--config(=|$)/, why: "flags in a file are not seen here" },
  { flag: /^--kube-apiserver-arg=service-node-port-range=/, why: "'k3s.nodePorts' says so" },
];

/** Flags go into a systemd ExecStart, separated by spaces; `%` and `$` are escaped when they are rendered. */
const FLAG = /^(--[a-z0-9][a-z0-9-]*)(=[\x21\x23-\x26\x28-\x5b\x5d-\x7e]*)?$/;

export function checkFlags(setting: string, flags: readonly string[], role: Role, faults: Faults): void {
  for (const flag of flags) {
    const objection = objectionTo(flag, role);
    if (objection !== undefined) faults.say(setting, objection);
  }
}

/** Never repeats more than the flag's name: its value may be a token. */
function objectionTo(flag: string, role: Role): string | undefined {
  const name = FLAG.exec(flag)?.[1];
  if (name === undefined) {
    return (
      "has a flag that should be --name or --name=value, without spaces, quotes and backslashes; " +
      "it is not repeated here, since it may hold a token"
    );
  }
  if (RESERVED_FLAGS[name]) return `has ${name}, which is said by ${RESERVED_FLAGS[name]}`;
  const fixed = FIXED_FLAGS.find((each) => each.flag.test(flag));
  if (fixed) return `has ${name} with a value that it cannot have here: ${fixed.why}`;
  return role === "agent" && SERVER_FLAG.test(name) ? `has ${name}, which only a server knows` : undefined;
}

/** Source: docs.k3s.io/cli/server against docs.k3s.io/cli/agent. K3s does not start with a flag that it does not know. */
const SERVER_FLAG = new RegExp(
  "^--(" +
    "disable|disable-(apiserver|cloud-controller|controller-manager|etcd|helm-controller|kube-proxy|network-policy|scheduler)|" +
    "tls-san(-security)?|etcd-.+|kube-(apiserver|controller-manager|cloud-controller-manager|scheduler)-arg" +
    ")$",
);

const NAME = "[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?";
const DOMAIN = "([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?";
const LABEL_KEY = new RegExp(`^${DOMAIN}${NAME}$`);
const LABEL_VALUE = new RegExp(`^(${NAME})?$`);
const TAINT = new RegExp(`^${DOMAIN}${NAME}(=(${NAME})?)?:(NoSchedule|PreferNoSchedule|NoExecute)$`);

export function checkLabels(labels: Readonly<Record<string, string>>, faults: Faults): void {
  for (const [key, value] of Object.entries(labels)) {
    const setting = `nodeLabels[${key}]`;
    faults.unlessMatches(setting, value, LABEL_VALUE, "at most 63 letters, digits, - _ and .");
    if (!LABEL_KEY.test(key)) faults.wrong("nodeLabels", "label keys such as disk or example.org/disk", key);
    else if (isForbiddenLabel(key))
      faults.wrong("nodeLabels", "keys that a kubelet may set on its own node", key);
  }
}

/**
 * With a label of these domains the kubelet refuses to start.
 * Source: kubernetes, cmd/kubelet/app/options (`unknown 'kubernetes.io' or 'k8s.io' labels`).
 */
function isForbiddenLabel(key: string): boolean {
  const domain = key.includes("/") ? (key.split("/")[0] as string) : "";
  if (!/(^|\.)(kubernetes|k8s)\.io$/.test(domain)) return false;
  if (/(^|\.)(kubelet|node)\.kubernetes\.io$/.test(domain)) return false;
  return !ALLOWED_LABELS.has(key);
}

const ALLOWED_LABELS = new Set([
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "kubernetes.io/hostname",
  "kubernetes.io/arch",
  "kubernetes.io/os",
]);

export function checkTaints(taints: readonly string[], faults: Faults): void {
  for (const taint of taints) {
    faults.unlessMatches(
      "nodeTaints",
      taint,
      TAINT,
      "key=value:Effect with NoSchedule, PreferNoSchedule or NoExecute",
    );
  }
}
