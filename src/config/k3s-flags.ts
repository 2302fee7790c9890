import type { Faults } from "./fault";
import { COMPONENT_NAMES, FIRST_RELEASES, FLAG_NAMES } from "./k3s-flag-names";
import type { Role } from "./settings";
import { misspelt } from "./suggestion";

export function checkFlags(setting: string, flags: readonly string[], role: Role, faults: Faults): void {
  for (const flag of flags) {
    const objection = flagProblem(flag, role);
    if (objection !== undefined) faults.add(setting, objection);
  }
}

/** Names of flags that neither this version of K3s nor a slip of the hand explains: of another version, or made up. */
export const unknownFlags = (flags: readonly string[]): string[] =>
  namesOf(flags).filter(
    (name) => ![...FLAG_NAMES.server, ...FLAG_NAMES.agent, ...Object.keys(RESERVED)].includes(name),
  );

/**
 * Flags that a minor version of K3s did not have from its first release on, with the releases that brought them.
 *
 * @param minor - such as `1.33`; `undefined` for any
 */
export const lateFlags = (
  flags: readonly string[],
  minor: string | undefined,
): { name: string; releases: readonly string[] }[] =>
  namesOf(flags)
    .map((name) => ({ name, releases: FIRST_RELEASES[name] ?? [] }))
    .filter(({ releases }) =>
      releases.some((release) => minor === undefined || release.startsWith(`${minor}.`)),
    );

const namesOf = (flags: readonly string[]): string[] =>
  flags.flatMap((flag) => FLAG.exec(flag)?.[1] ?? []).map((written) => ALIASES[written] ?? written);

/** Flags go into a systemd ExecStart, separated by spaces; `%` and `$` are escaped when they are rendered. */
const FLAG = /^--([A-Za-z0-9][A-Za-z0-9-]*)(?:=([\x21\x23-\x26\x28-\x5b\x5d-\x7e]*))?$/;

/** Shows only a flag's name, since its value may be a token. */
function flagProblem(flag: string, role: Role): string | undefined {
  const [, written, value] = FLAG.exec(flag) ?? [];
  if (written === undefined) {
    return (
      "has a flag that is not --name or --name=value without spaces, quotes or backslashes; " +
      "the flag is not shown, since it may contain a token"
    );
  }
  const name = ALIASES[written] ?? written;
  const shown = name === written ? `--${written}` : `--${written} (an alias of --${name})`;
  if (RESERVED[name]) return `must not contain ${shown}; use ${RESERVED[name]} instead`;
  if (FIXED[name]) return `must not contain ${shown}: ${FIXED[name]}`;
  const other = role === "agent" ? "server" : "agent";
  if (!FLAG_NAMES[role].includes(name)) {
    if (FLAG_NAMES[other].includes(name)) return `must not contain ${shown}: only ${other}s accept it`;
    const meant = misspelt(name, FLAG_NAMES[role]);
    if (meant !== undefined) return `has ${shown}, which K3s does not have; did you mean --${meant}?`;
  }
  if (value === undefined && !SWITCHES.has(name)) {
    return `has ${shown} without a value, and K3s may take the next flag as its value; write --${written}=…`;
  }
  return valueProblem(name, shown, value ?? "");
}

function valueProblem(name: string, shown: string, value: string): string | undefined {
  if (name === "disable") {
    const components = value.split(",");
    for (const component of components) {
      const known = (COMPONENT_NAMES as readonly string[]).includes(component);
      const meant = known ? undefined : misspelt(component, COMPONENT_NAMES);
      if (meant !== undefined) return `has ${shown} with an unknown component; did you mean ${meant}?`;
    }
    const ours = components.some((component) => /^(traefik|servicelb)$/.test(component));
    const instead = "use 'k3s.traefik' and 'k3s.serviceLb' instead";
    return ours ? `has ${shown} with a value that is not allowed: ${instead}` : undefined;
  }
  const component = COMPONENTS[name];
  if (component === undefined) return undefined;
  const [argument, ...rest] = value.split("=");
  const plain = argumentName(argument as string);
  const rule = component[plain];
  const allowed = rule?.unless?.test(rest.join("=")) ?? false;
  if (rule === undefined || allowed) return undefined;
  return `has ${shown}=${plain} with a value that is not allowed: ${rule.why}`;
}

/**
 * K3s accepts an argument with a leading `--`, and with a trailing `+` or `-` that puts it before or after K3s' own
 * (pkg/util/args.go). Kubernetes' programs treat `_` as `-` (component-base, cli/flag, WordSepNormalizeFunc).
 */
const argumentName = (text: string): string =>
  text
    .replace(/^-+/, "")
    .replace(/[-+]+$/, "")
    .replaceAll("_", "-");

/** K3s' aliases of its flags. Source: pkg/cli/cmds, server.go and agent.go. */
const ALIASES: Readonly<Record<string, string>> = {
  c: "config",
  d: "data-dir",
  i: "node-ip",
  o: "write-kubeconfig",
  s: "server",
  t: "token",
  "kube-controller-arg": "kube-controller-manager-arg",
  "kube-cloud-controller-arg": "kube-cloud-controller-manager-arg",
};

/** Flags that a setting decides, or whose value does not belong on a world-readable command line. */
const RESERVED: Readonly<Record<string, string>> = {
  token: "'k3s.tokenFile'",
  "token-file": "'k3s.tokenFile'",
  "cluster-secret": "'k3s.tokenFile'",
  "agent-token": "'k3s.agentTokenFile'",
  "agent-token-file": "'k3s.agentTokenFile'",
  "datastore-endpoint": "a file on the host, since the value contains a password,",
  "vpn-auth": "--vpn-auth-file",
  "etcd-s3-access-key": "'k3s.snapshots.s3.secretFile'",
  "etcd-s3-secret-key": "'k3s.snapshots.s3.secretFile'",
  "etcd-s3-session-token": "'k3s.snapshots.s3.secretFile'",
  server: "'apiEndpoint'",
  "cluster-init": "'clusterInit'",
  "cluster-reset": "the restore procedure in the emitted README, once and not at every start,",
  "cluster-reset-restore-path": "the restore procedure in the emitted README, once and not at every start,",
  "node-name": "'hostname'",
  "with-node-id": "'hostname'",
  "node-ip": "'ipv4Address'",
  "node-label": "'nodeLabels'",
  "node-taint": "'nodeTaints'",
  "flannel-backend": "'k3s.flannelBackend'",
  "no-flannel": "'k3s.flannelBackend'",
  "embedded-registry": "'k3s.embeddedRegistry'",
  "flannel-iface": "'nixos.networkInterface'",
  "cluster-cidr": "'network.podCidr'",
  "service-cidr": "'network.serviceCidr'",
  "service-node-port-range": "'k3s.nodePorts'",
};

const API = "the firewall opens the API and the supervisor on K3s' default port";
const REWRITTEN = "the firewall relies on kube-proxy rewriting destinations with iptables";
const FLANNEL = "the firewall relies on flannel as K3s configures it";
const UNSEEN = "flags in a file cannot be checked";

/** Flags that would break an assumption of the firewall. */
const FIXED: Readonly<Record<string, string>> = {
  "https-listen-port": API,
  "supervisor-port": API,
  "apiserver-port": API,
  "advertise-port": API,
  "disable-kube-proxy": REWRITTEN,
  "flannel-conf": FLANNEL,
  "flannel-external-ip": FLANNEL,
  "flannel-cni-conf": FLANNEL,
  config: UNSEEN,
};

/** Why a component must not get an argument, unless its value is harmless. */
type Arguments = Readonly<Record<string, { readonly why: string; readonly unless?: RegExp }>>;

const ANONYMOUS = "anyone who reaches the port would get in without authentication";
const UNAUTHORIZED = "every authenticated client would be allowed everything";

/** Arguments that K3s passes to its components. */
const COMPONENTS: Readonly<Record<string, Arguments>> = {
  "kubelet-arg": {
    "read-only-port": { why: "use 'k3s.kubeletReadOnlyPort' instead" },
    port: { why: "the firewall opens the kubelet on 10250" },
    "anonymous-auth": { why: ANONYMOUS, unless: /^(0|f|F|false|False|FALSE)$/ },
    "authorization-mode": { why: UNAUTHORIZED, unless: /^Webhook$/ },
    config: { why: UNSEEN },
    "config-dir": { why: UNSEEN },
  },
  "kube-proxy-arg": {
    "proxy-mode": { why: REWRITTEN, unless: /^iptables$/ },
    config: { why: UNSEEN },
  },
  "kube-apiserver-arg": {
    "service-node-port-range": { why: "use 'k3s.nodePorts' instead" },
    "service-cluster-ip-range": { why: "use 'network.serviceCidr' instead" },
    "secure-port": { why: API },
    "anonymous-auth": { why: ANONYMOUS, unless: /^(0|f|F|false|False|FALSE)$/ },
    "authorization-mode": { why: UNAUTHORIZED, unless: /^(?!.*AlwaysAllow)/ },
    "authorization-config": { why: UNSEEN },
    "authentication-config": { why: UNSEEN },
  },
  "kube-controller-manager-arg": {
    "cluster-cidr": { why: "use 'network.podCidr' instead" },
    "service-cluster-ip-range": { why: "use 'network.serviceCidr' instead" },
  },
};

/** Flags that take no value. Source: pkg/cli/cmds. Write a newer one as --name=true. */
const SWITCHES = new Set([
  "alsologtostderr",
  "debug",
  "disable-agent",
  "disable-apiserver",
  "disable-apiserver-lb",
  "disable-cloud-controller",
  "disable-controller-manager",
  "disable-default-registry-endpoint",
  "disable-etcd",
  "disable-helm-controller",
  "disable-network-policy",
  "disable-scheduler",
  "docker",
  "enable-pprof",
  "etcd-disable-snapshots",
  "etcd-expose-metrics",
  "etcd-s3",
  "etcd-s3-insecure",
  "etcd-s3-skip-ssl-verify",
  "etcd-snapshot-compress",
  "flannel-ipv6-masq",
  "nonroot-devices",
  "prefer-bundled-bin",
  "protect-kernel-defaults",
  "rootless",
  "secrets-encryption",
  "selinux",
  "supervisor-metrics",
  "tls-san-security",
]);
