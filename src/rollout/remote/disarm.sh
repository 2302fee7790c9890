# The host has reverted: stop the timer and clean up.
systemctl stop "$revert.timer" 2>/dev/null || true
# It may have fired just now.
if [ "$(unit "$revert.service" ActiveState)" = activating ]; then return 0; fi
systemctl stop "$activate.service" 2>/dev/null || true
systemctl reset-failed "$activate.service" "$revert.service" 2>/dev/null || true
rm -f /nix/var/nix/gcroots/k3s-rollout-before "$unconfirmed"
report current "$(current_system)"
