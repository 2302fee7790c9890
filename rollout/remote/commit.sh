# built: system that was tested
alone
before=$(readlink -f "$profile")
back() {
  nix-env -p "$profile" --set "$before"
  "$before/bin/switch-to-configuration" boot || true
  if [ -e "$home/revert" ]; then /bin/sh "$home/revert" || true; fi
  fail "$1"
}
[ "$(current_system)" = "$built" ] || fail "the host has reverted by itself before it was confirmed"
systemctl stop "$revert.timer" 2>/dev/null || true
# The timer may have fired in this very moment.
case "$(unit "$revert.service" ActiveState)" in
  active | activating) fail "the host was reverting by itself when it was confirmed" ;;
esac
[ "$(current_system)" = "$built" ] || fail "the host has reverted by itself before it was confirmed"

if [ "$before" != "$built" ]; then
  nix-env -p "$profile" --set "$built" || back "the system could not be made the boot default"
fi
"$built/bin/switch-to-configuration" boot || back "the boot loader could not be written"
[ "$(readlink -f "$profile")" = "$built" ] || back "the boot default is not what was tested"

if ! diff -rq "$home/staging" /etc/nixos >/dev/null 2>&1; then
  rm -rf /etc/nixos.new
  cp -a "$home/staging" /etc/nixos.new
  if [ -e /etc/nixos ]; then
    copy=/etc/nixos.$(date -u +%Y-%m-%dT%H-%M-%SZ)
    mv /etc/nixos "$copy"
    say copy "$copy"
  fi
  mv /etc/nixos.new /etc/nixos
fi
systemctl stop "$activate.service" 2>/dev/null || true
systemctl reset-failed "$activate.service" 2>/dev/null || true
rm -f /nix/var/nix/gcroots/k3s-rollout-before "$home/before"
sync -f /etc/nixos
