# Reverts from a system that was booted on trial. The host's own k3s-rollout-trial.service runs this at boot while a trial is
# open; it waits first, unless called with `now`.
umask 077
home=/var/lib/k3s-rollout
profile=/nix/var/nix/profiles/system
read -r before <"$home/before"
{ read -r rollout; read -r operator; read -r seconds; read -r built; } <"$home/trial"
# A unit has little in its PATH, and the running system is not confirmed.
PATH=$before/sw/bin
# Pre-switch checks guard against changes of a running system.
NIXOS_NO_CHECK=1
export PATH NIXOS_NO_CHECK
include boot-once
on_trial() { [ "$(readlink -f /run/current-system)" = "$built" ]; }

if [ "${1:-}" != now ] && on_trial; then
  cat /proc/sys/kernel/random/boot_id >"$home/tried"
  up=$(cut -d. -f1 /proc/uptime)
  printf '%s\n%s\n%s\n' "$rollout" "$operator" "$((up + seconds))" >/run/k3s-rollout-unconfirmed
  sleep "$seconds"
fi

# Makes the previous system the boot default again, unless yet another one was chosen. After a boot once it still is.
former_boots() {
  # Wait for a running step of a rollout, but not for one that hangs.
  flock -w 60 9
  [ -e "$home/trial" ] || return 0 # confirmed
  forget_once || return 1
  default=$(readlink -f "$profile")
  case "$default" in
    "$built" | "$before")
      # The same system again would be a further generation.
      [ "$default" = "$before" ] || nix-env -p "$profile" --set "$before" || return 1
      "$before/bin/switch-to-configuration" boot || return 1 ;;
  esac
  date -u +%FT%TZ >"$home/reverted"
  rm -f "$home/trial"
  sync
}
# A reboot before that would boot the same system.
until (former_boots) 9>"$home/lock"; do sleep 5; done
if [ -e "$home/reverted" ] && on_trial; then exec systemctl reboot --force; fi
