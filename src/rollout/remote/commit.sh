# built: system that was tested
acquire_lock
before=$(readlink -f "$profile")
back() {
  # What failed may fail again, for example on a full disk, and nothing else reverts the host any more.
  nix-env -p "$profile" --set "$before" || true
  "$before/bin/switch-to-configuration" boot || true
  # Outside of this session, whose connection may break, and last, since it takes the activation lock.
  if [ -e "$home/before" ]; then
    systemctl reset-failed "$revert-now.service" 2>/dev/null || true
    systemd-run --quiet --no-block --collect --unit="$revert-now" --property=Type=oneshot /bin/sh "$home/revert" 9>&- || true
  fi
  fail "$1"
}
[ "$(current_system)" = "$built" ] || fail "the host has reverted by itself before it was confirmed"
systemctl stop "$revert.timer" 2>/dev/null || true
[ "$(unit "$revert.timer" ActiveState)" != active ] || fail "the timer that reverts the host could not be stopped"
# The timer may have fired just now.
case "$(unit "$revert.service" ActiveState)" in
  active | activating) fail "the host was reverting by itself when it was confirmed" ;;
esac
[ "$(current_system)" = "$built" ] || fail "the host has reverted by itself before it was confirmed"

if [ "$before" != "$built" ]; then
  nix-env -p "$profile" --set "$built" || back "the system could not be made the boot default"
fi
"$built/bin/switch-to-configuration" boot || back "the boot loader could not be written"
[ "$(readlink -f "$profile")" = "$built" ] || back "the boot default is not what was tested"

systemctl stop "$activate.service" 2>/dev/null || true
systemctl reset-failed "$activate.service" 2>/dev/null || true
settle
