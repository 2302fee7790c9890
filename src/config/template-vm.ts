/** Commands that remove what clones must not inherit: the template's identity, and the state of a K3s that ran in it. */
export const EMPTY_TEMPLATE = [
  "truncate -s 0 /etc/machine-id",
  "rm -f /etc/ssh/ssh_host_*",
  "rm -rf /var/lib/rancher /etc/rancher /var/lib/kubelet /var/lib/cni",
] as const;
