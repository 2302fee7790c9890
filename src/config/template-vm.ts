/** Where K3s and what it runs keep their state. */
export const K3S_STATE = ["/var/lib/rancher", "/etc/rancher", "/var/lib/kubelet", "/var/lib/cni"] as const;

/** Commands that remove what clones must not inherit: the template's identity, and the state of a K3s that ran in it. */
export const EMPTY_TEMPLATE = [
  "truncate -s 0 /etc/machine-id",
  "rm -f /etc/ssh/ssh_host_*",
  `rm -rf ${K3S_STATE.join(" ")}`,
] as const;
