# built: system that was booted on trial and is confirmed
acquire_lock
[ "$(current_system)" = "$built" ] || fail "the host has reverted by itself before it was confirmed"
[ ! -e "$home/reverted" ] || fail "the host was reverting by itself when it was confirmed"
# Booted once, it is not the boot default yet.
if [ "$(sed -n 5p "$trial" 2>/dev/null)" = yes ]; then
  before=$(cat "$home/before")
  back() {
    # What failed may fail again, for example on a full disk; the host then still reverts, when its trial ends.
    nix-env -p "$profile" --set "$before" || true
    "$before/bin/switch-to-configuration" boot || true
    fail "$1"
  }
  nix-env -p "$profile" --set "$built" || back "the system could not be made the boot default"
  "$built/bin/switch-to-configuration" boot || back "the boot loader could not be written"
fi
[ "$(readlink -f "$profile")" = "$built" ] || fail "the boot default is not what was tested"
rm -f "$trial"
sync -f "$home"
systemctl stop "$trial_unit.service" 2>/dev/null || true
settle
