# Returns to the system that ran before. Run by a timer unless somebody who can still log in stops it.
home=/var/lib/k3s-rollout
# A transient unit has nothing in its PATH but systemd's own programs, so this is done by the shell alone.
read -r before <"$home/before"
PATH=$before/sw/bin
# Pre-switch checks are against changes of a running system, and this is the way out of one.
NIXOS_NO_CHECK=1
export PATH NIXOS_NO_CHECK
# An activation that hangs holds the lock that we need: K3s' start, for one, has no time-out.
systemctl kill --signal=KILL k3s-rollout-activate.service 2>/dev/null
systemctl stop k3s-rollout-activate.service 2>/dev/null
returned() { [ "$(readlink -f /run/current-system)" = "$before" ]; }
for _ in 1 2 3 4 5 6 7 8 9 10; do
  timeout --kill-after=10 300 "$before/bin/switch-to-configuration" test
  # Ended by its time-out: once more would take as long.
  case $? in 124 | 137) break ;; esac
  returned && break
  sleep 1
done
# What was tested is not the boot default, so that a reboot leads back where no switch does.
returned || exec systemctl reboot --force
rm -f /run/k3s-rollout-unconfirmed
date -u +%FT%TZ >"$home/reverted"
