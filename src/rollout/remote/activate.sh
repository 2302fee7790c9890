# built: system to activate
# before: system that should be running
# seconds: until the host reverts by itself
# revert_program: text of the program that reverts
# rollout: its ID; operator: its operator, on one line
acquire_lock
prepare_return

# The next generation runs the deletions that the last one saved. `flush ruleset` among them would delete kube-proxy's and
# flannel's rules, so it is replaced by the deletion of that generation's own tables.
deletions=/var/lib/nftables/deletions.nft
if [ -s "$deletions" ] && grep -Eq '^[[:space:]]*flush[[:space:]]+ruleset' "$deletions"; then
  {
    grep -Ev '^[[:space:]]*flush[[:space:]]+ruleset' "$deletions" || true
    nft list tables | while read -r _ family name; do
      case "$family $name" in
        # Tables of iptables-nft, kube-proxy, flannel, CNI plugins and network policies.
        "ip "nat | "ip "filter | "ip "mangle | "ip "raw | "ip "security) ;;
        "ip6 "nat | "ip6 "filter | "ip6 "mangle | "ip6 "raw | "ip6 "security) ;;
        *" "kube-* | *" "flannel-* | *" "cni*) ;;
        *) printf 'table %s %s\ndelete table %s %s\n' "$family" "$name" "$family" "$name" ;;
      esac
    done
  } >"$deletions.new"
  nft -c -f "$deletions.new" || fail "the deletions saved by the running system cannot be done without 'flush ruleset'"
  chmod +x "$deletions.new"
  mv "$deletions.new" "$deletions"
  report neutralised "$deletions"
fi

# Outside of this session, and by the monotonic clock. The default accuracy is a minute.
systemd-run --quiet --unit="$revert" --on-active="$seconds" --timer-property=AccuracySec=1s \
  --property=Type=oneshot /bin/sh "$home/revert" 9>&-
[ "$(unit "$revert.timer" ActiveState)" = active ] || fail "the timer that would revert is not armed"

# Not the boot default: a power cycle reverts too.
systemd-run --quiet --no-block --unit="$activate" --property=Type=oneshot --property=RemainAfterExit=yes \
  "$built/bin/switch-to-configuration" test 9>&-
