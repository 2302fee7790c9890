# Prepares a boot on trial of a system, whose own k3s-rollout-trial.service reverts it unless it is confirmed.
# built: system to boot; seconds: from that boot until the host reverts
# once: `yes` to boot it once, with the running system as the boot default; else it becomes the boot default
include boot-once
acquire_lock
# The booted system has to contain the unit that reverts.
[ -s "$built/etc/systemd/system/sysinit.target.wants/$trial_unit.service" ] ||
  fail "what was built has no $trial_unit.service, which would lead back from it: see its local.nix"
fault=
[ "$once" != yes ] || fault=$(once_fault)
[ -z "$fault" ] || fail "it cannot boot a system once: $fault"
prepare_return
printf '%s\n%s\n%s\n%s\n%s\n' "$rollout" "$operator" "$seconds" "$built" "$once" >"$trial.new"
mv "$trial.new" "$trial"
sync -f "$home"

undo() {
  forget_once || true
  [ "$(readlink -f "$profile")" = "$before" ] || nix-env -p "$profile" --set "$before" || true
  "$before/bin/switch-to-configuration" boot || true
  rm -f "$trial" "$home/before" "$unconfirmed" /nix/var/nix/gcroots/k3s-rollout-before
  fail "$1; the boot default is what it was"
}
become_default() {
  nix-env -p "$profile" --set "$built" || undo "the system could not be made the boot default"
  words=$("$built/bin/switch-to-configuration" boot 2>&1 9>&-) || cannot_write
  [ "$(readlink -f "$profile")" = "$built" ] || undo "the boot default is not what was built"
}
cannot_write() { undo "the boot loader could not be written: $(printf '%s' "$words" | tail -n 3 | tr '\n' ' ')"; }

# Adds a generation, which gets an entry in the boot menu, and goes back to the former one.
become_entry() {
  if [ "$(readlink -f "$profile")" != "$before" ]; then
    nix-env -p "$profile" --set "$before" || undo "the running system could not be made the boot default"
  fi
  generation=$(readlink "$profile" | sed -n 's/.*-\([0-9]*\)-link$/\1/p')
  nix-env -p "$profile" --set "$built" || undo "the system could not be added to the boot menu"
  nix-env -p "$profile" --switch-generation "$generation" || undo "the boot default could not be restored"
  [ "$(readlink -f "$profile")" = "$before" ] || undo "the boot default is not the running system"
  # Pre-switch checks guard against changes of a running system, which goes on.
  words=$(NIXOS_NO_CHECK=1 "$before/bin/switch-to-configuration" boot 2>&1 9>&-) || cannot_write
  [ -n "$(entry_of "$before")" ] || undo "the boot menu has lost the running system: see configurationLimit"
  # An entry that is not there would boot the default, and no trial.
  boot_once "$built" || undo "the boot loader could not be told to boot it once: it has no such entry, or kept nothing"
}
if [ "$once" = yes ]; then become_entry; else become_default; fi
sync
