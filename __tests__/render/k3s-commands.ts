/**
 * K3s' commands and flags that the runbook may name, as K3s defines them: pkg/cli/cmds/etcd_snapshot.go, token.go,
 * server.go and agent.go of k3s-io/k3s. Written by hand, since no K3s is available to the tests.
 */
export const K3S_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  "etcd-snapshot save": ["--name"],
  "etcd-snapshot ls": [],
  "token rotate": ["--token", "--new-token"],
  server: [
    "--cluster-reset",
    "--cluster-reset-restore-path",
    "--token-file",
    "--agent-token-file",
    "--node-name",
    "--node-ip",
    "--flannel-iface",
    "--flannel-backend",
    "--node-label",
    "--node-taint",
    "--kubelet-arg",
    "--cluster-cidr",
    "--service-cidr",
    "--service-node-port-range",
    "--embedded-registry",
    "--tls-san",
    "--disable",
  ],
};
