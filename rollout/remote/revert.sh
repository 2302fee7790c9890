# Returns to the system that ran before. Run by a timer unless somebody who can still log in stops it.
home=/var/lib/k3s-rollout
# A transient unit has nothing in its PATH but systemd's own programs, so this is done by the shell alone.
read -r before <"$home/before"
PATH=$before/sw/bin
export PATH
# An activation that hangs holds the lock that we need: K3s' start, for one, has no time-out.
systemctl kill --signal=KILL k3s-rollout-activate.service 2>/dev/null
systemctl stop k3s-rollout-activate.service 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do
  "$before/bin/switch-to-configuration" test
  [ "$(readlink -f /run/current-system)" = "$before" ] && break
  sleep 1
done
if [ "$(readlink -f /run/current-system)" = "$before" ]; then date -u +%FT%TZ >"$home/reverted"; fi
