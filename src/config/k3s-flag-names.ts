/**
 * Names of K3s' flags, for 1.31 to 1.35, which NixOS 25.05 to 26.05 have. Sources: docs.k3s.io/cli/agent and
 * docs.k3s.io/cli/server, "CLI Help" of each; and what these hide: pkg/cli/cmds, agent.go and server.go. The release notes name
 * no flag that went, and none that came with 1.34 or 1.35 (k3s-io/docs, docs/release-notes: v1.34.X at 0887158, v1.35.X at 1349cf8).
 */

/** Of `k3s agent`, which `k3s server` knows too but for those of `AGENTS_ONLY`. */
const AGENT_FLAGS =
  "airgap-extra-registry alsologtostderr bind-address config container-runtime-endpoint data-dir debug " +
  "default-runtime disable-apiserver-lb disable-default-registry-endpoint docker enable-pprof flannel-cni-conf " +
  "flannel-conf flannel-iface image-credential-provider-bin-dir image-credential-provider-config " +
  "image-service-endpoint kube-proxy-arg kubelet-arg lb-server-port log node-external-dns node-external-ip " +
  "node-internal-dns node-ip node-label node-name node-taint nonroot-devices pause-image prefer-bundled-bin " +
  "private-registry protect-kernel-defaults resolv-conf rootless selinux server snapshotter token token-file v " +
  "vmodule vpn-auth vpn-auth-file with-node-id";

const AGENTS_ONLY = ["disable-apiserver-lb"];

/** Those that `k3s server` has beside them. */
const SERVER_FLAGS =
  "advertise-address advertise-port agent-token agent-token-file apiserver-bind-address apiserver-port cluster-cidr " +
  "cluster-dns cluster-domain cluster-init cluster-reset cluster-reset-restore-path datastore-cafile " +
  "datastore-certfile datastore-endpoint datastore-keyfile default-local-storage-path disable disable-agent " +
  "disable-apiserver disable-cloud-controller disable-controller-manager disable-etcd disable-helm-controller " +
  "disable-kube-proxy disable-network-policy disable-scheduler egress-selector-mode embedded-registry etcd-arg " +
  "etcd-disable-snapshots etcd-expose-metrics etcd-s3 etcd-s3-access-key etcd-s3-bucket etcd-s3-bucket-lookup-type " +
  "etcd-s3-config-secret etcd-s3-endpoint etcd-s3-endpoint-ca etcd-s3-folder etcd-s3-insecure etcd-s3-proxy " +
  "etcd-s3-region etcd-s3-retention etcd-s3-secret-key etcd-s3-session-token etcd-s3-skip-ssl-verify " +
  "etcd-s3-timeout etcd-snapshot-compress etcd-snapshot-dir etcd-snapshot-name etcd-snapshot-reconcile-interval " +
  "etcd-snapshot-retention etcd-snapshot-schedule-cron flannel-backend flannel-external-ip flannel-ipv6-masq " +
  "helm-job-image https-listen-port kine-tls kube-apiserver-arg kube-cloud-controller-manager-arg " +
  "kube-controller-manager-arg kube-scheduler-arg secrets-encryption secrets-encryption-provider service-cidr " +
  "service-node-port-range servicelb-namespace supervisor-metrics supervisor-port system-default-registry tls-san " +
  "tls-san-security write-kubeconfig write-kubeconfig-group write-kubeconfig-mode";

const agents = AGENT_FLAGS.split(" ");
const serversOwn = SERVER_FLAGS.split(" ");

/** By the role that knows them. */
export const FLAG_NAMES = {
  agent: agents,
  server: [...agents.filter((name) => !AGENTS_ONLY.includes(name)), ...serversOwn],
} as const;

/** What `--disable` takes of K3s' own; it also takes names of an owner's manifests. */
export const COMPONENT_NAMES = [
  "coredns",
  "local-storage",
  "metrics-server",
  "runtimes",
  "servicelb",
  "traefik",
] as const;

/**
 * Flags that came after 1.31.0: the first release that has it, of each minor version that got it later than with its first. Newer
 * minor versions have it. Sources: k3s-io/docs, docs/release-notes, v1.31.X at 6811ca2, v1.32.X at 0887158 and v1.33.X at 143463b;
 * for what these call backports, k3s-io/k3s #11881, #11889 and #12696.
 *
 * Not known well enough to be here: `nonroot-devices` and `etcd-s3-bucket-lookup-type`, whose backports the notes do not name.
 */
export const FIRST_RELEASES: Readonly<Record<string, readonly string[]>> = {
  "node-internal-dns": ["1.31.4"],
  "node-external-dns": ["1.31.4"],
  "etcd-snapshot-reconcile-interval": ["1.31.7", "1.32.3"],
  "secrets-encryption-provider": ["1.31.8", "1.32.4"],
  "etcd-s3-retention": ["1.31.12", "1.32.8", "1.33.4"],
};
