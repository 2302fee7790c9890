# Makes a system the boot default on trial: its own k3s-rollout-trial.service reverts it unless it is confirmed.
# built: system to boot; seconds: from that boot until the host reverts
acquire_lock
# The booted system has to contain the unit that reverts.
[ -s "$built/etc/systemd/system/sysinit.target.wants/$trial_unit.service" ] ||
  fail "what was built has no $trial_unit.service, which would lead back from it: see its local.nix"
prepare_return
printf '%s\n%s\n%s\n%s\n' "$rollout" "$operator" "$seconds" "$built" >"$trial.new"
mv "$trial.new" "$trial"
sync -f "$home"

undo() {
  nix-env -p "$profile" --set "$before" || true
  "$before/bin/switch-to-configuration" boot || true
  rm -f "$trial" "$home/before" "$unconfirmed" /nix/var/nix/gcroots/k3s-rollout-before
  fail "$1; the boot default is what it was"
}
# Set the boot default.
nix-env -p "$profile" --set "$built" || undo "the system could not be made the boot default"
words=$("$built/bin/switch-to-configuration" boot 2>&1 9>&-) ||
  undo "the boot loader could not be written: $(printf '%s' "$words" | tail -n 3 | tr '\n' ' ')"
[ "$(readlink -f "$profile")" = "$built" ] || undo "the boot default is not what was built"
sync
