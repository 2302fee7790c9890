# emitted: ruleset that HostFiles emitted; interface: the node's network interface
include host-state
report current "$(current_system)"
report_states
systemctl show -p Result -p ExecMainStatus "$activate.service" 2>/dev/null | while IFS='=' read -r property value; do
  case "$property" in Result) report result "$value" ;; ExecMainStatus) report status "$value" ;; esac
done
report_failed
[ ! -e "$home/reverted" ] || report reverted yes
[ ! -e "$trial" ] || report trial yes
report_line tried "$home/tried"
report nixpkgs "$(nixpkgs_of /run/current-system)"
report_k3s_version
# For all interfaces, for future ones, and for those that receive packets of pods.
for name in all default "$interface" cni0 flannel.1 flannel-wg; do
  read_line "/proc/sys/net/ipv4/conf/$name/forwarding"
  [ -z "$line" ] || report forwarding "$name $line"
done
report_line boot_id /proc/sys/kernel/random/boot_id
report_line hostname /proc/sys/kernel/hostname
report profile "$(readlink -f "$profile" || true)"
if grep -Eqs '^[[:space:]]*flush[[:space:]]+ruleset' /var/lib/nftables/deletions.nft; then report flushes yes; fi

# List both rulesets with the same nft, each in its own network namespace, so that they can be compared.
if command -v nft >/dev/null; then
  listed() { printf '%s\n' "$1" | unshare -n sh -c 'nft -f - && nft -j list table inet k3s_host'; }
  # Drop nft's warnings from its JSON; on failure report its errors instead.
  listing() { { listed "$1" 2>/dev/null || listed "$1" 2>&1 || true; } | base64 -w0; }
  if live=$(nft list table inet k3s_host 2>/dev/null); then
    report live "$(listing "$live")"
    report counters "$(nft -j list counters table inet k3s_host | base64 -w0)"
  fi
  report emitted "$(listing "$emitted")"
fi
