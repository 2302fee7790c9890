import { shown, type Faults } from "./fault";
import { checkFlags } from "./k3s-flags";
import type { K3s } from "./model";
import type { K3sSettings, PortRange, Role } from "./settings";

/** Port on which every K3s server serves the Kubernetes API and K3s' own supervisor. */
export const API_PORT = 6443;

export function resolveK3s(settings: K3sSettings): K3s {
  return {
    tokenFile: settings.tokenFile,
    ...(settings.agentTokenFile === undefined ? {} : { agentTokenFile: settings.agentTokenFile }),
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
  checkTokenFile("tokenFile", k3s.tokenFile, faults);
  if (k3s.agentTokenFile !== undefined) {
    checkTokenFile("agentTokenFile", k3s.agentTokenFile, faults);
    if (k3s.agentTokenFile === k3s.tokenFile) {
      faults.say(
        "agentTokenFile",
        "should be another file than 'k3s.tokenFile': agents have no token of the servers",
      );
    }
  }
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

/** From where K3s of that role takes the token with which it joins. */
export const tokenFileOf = ({ tokenFile, agentTokenFile }: K3s, role: Role): string =>
  role === "agent" ? (agentTokenFile ?? tokenFile) : tokenFile;

/** A value that is no path may be the token itself, so it is not repeated. */
function checkTokenFile(setting: string, path: unknown, faults: Faults): void {
  const wish =
    "should be an absolute path on the hosts, outside /nix/store, such as /var/lib/k3s-secrets/token";
  const looksRight = typeof path === "string" && /^(\/[A-Za-z0-9._-]+)+$/.test(path);
  if (!looksRight) {
    faults.say(setting, `${wish}; what was given is not repeated here, since it may be a token`);
  } else if (
    path.startsWith("/nix/store/") ||
    path.split("/").some((part) => part === ".." || part === ".")
  ) {
    faults.say(setting, `${wish}, got ${shown(path)}`);
  }
}

export function checkPorts(setting: string, ports: PortRange | undefined, faults: Faults): void {
  if (ports === undefined) return faults.wrong(setting, "ports such as { from: 9100, to: 9100 }", ports);
  faults.unlessWhole(`${setting}.from`, ports.from, 1, 65_535);
  faults.unlessWhole(`${setting}.to`, ports.to, 1, 65_535);
  if (ports.from > ports.to) faults.wrong(setting, "a range from low to high", ports);
}

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
