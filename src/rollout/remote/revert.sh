# Reverts to the previous system. A timer runs it unless an operator who can still log in stops the timer.
home=/var/lib/k3s-rollout
# A transient unit has only systemd's own programs in its PATH, so use shell builtins until PATH is set.
read -r before <"$home/before"
PATH=$before/sw/bin
# Pre-switch checks guard against changes of a running system; this undoes such a change.
NIXOS_NO_CHECK=1
export PATH NIXOS_NO_CHECK
# A hanging activation holds the lock that we need: the start of K3s, for example, has no timeout.
systemctl kill --signal=KILL k3s-rollout-activate.service 2>/dev/null
systemctl stop k3s-rollout-activate.service 2>/dev/null
returned() { [ "$(readlink -f /run/current-system)" = "$before" ]; }
for _ in 1 2 3 4 5 6 7 8 9 10; do
  timeout --kill-after=10 300 "$before/bin/switch-to-configuration" test
  # Timed out: another attempt would take as long.
  case $? in 124 | 137) break ;; esac
  returned && break
  sleep 1
done
# The tested system is not the boot default, so a reboot reverts when a switch does not.
returned || exec systemctl reboot --force
rm -f /run/k3s-rollout-unconfirmed
date -u +%FT%TZ >"$home/reverted"
