# emitted: ruleset that HostFiles emitted; interface: the node's network interface
report current "$(current_system)"
report activation "$(unit "$activate.service" ActiveState)"
report result "$(unit "$activate.service" Result)"
report status "$(unit "$activate.service" ExecMainStatus)"
report_failed
report reverting "$(unit "$revert.service" ActiveState)"
[ ! -e "$home/reverted" ] || report reverted yes
[ ! -e "$trial" ] || report trial yes
report tried "$(cat "$home/tried" 2>/dev/null || true)"
report k3s "$(unit k3s.service ActiveState)"
report nixpkgs "$(nixpkgs_of /run/current-system)"
report k3s_version "$(/run/current-system/sw/bin/k3s --version 2>/dev/null | sed -n 's/^k3s version \([^ ]*\).*/\1/p')"
# For all interfaces, for future ones, and for those that receive packets of pods.
for name in all default "$interface" cni0 flannel.1 flannel-wg; do
  forwarding=/proc/sys/net/ipv4/conf/$name/forwarding
  [ ! -r "$forwarding" ] || report forwarding "$name $(cat "$forwarding")"
done
report boot_id "$(cat /proc/sys/kernel/random/boot_id)"
report hostname "$(cat /proc/sys/kernel/hostname)"
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
