# built: system that was booted on trial and is confirmed
acquire_lock
[ "$(current_system)" = "$built" ] || fail "the host has reverted by itself before it was confirmed"
[ ! -e "$home/reverted" ] || fail "the host was reverting by itself when it was confirmed"
[ "$(readlink -f "$profile")" = "$built" ] || fail "the boot default is not what was tested"
rm -f "$trial"
sync -f "$home"
systemctl stop "$trial_unit.service" 2>/dev/null || true
settle
