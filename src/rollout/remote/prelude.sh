# A non-login session gets NixOS' PATH and NIX_PATH only from here.
if [ -e /etc/set-environment ]; then . /etc/set-environment; fi
set -eu
umask 077
# Continue when the operator's machine is gone: a step that has begun is finished.
trap '' HUP PIPE

# Reports are lines `@name value`. A closed connection does not end the program.
report() { printf '@%s %s\n' "$1" "$2" 2>/dev/null || true; }
report_file() { [ ! -r "$2" ] || report "$1" "$(base64 -w0 "$2")"; }
fail() { report error "$1"; exit 1; }

# The password in a join token, in its short or its long form.
password() { sed 's/^K10[0-9a-f]*::\([^:]*:\)\{0,1\}//' | tr -d '[:space:]'; }

# The newest of the old tokens beside a file: their names end with their times.
newest_of() {
  for old in "$1".until-*; do :; done
  [ ! -e "$old" ] || printf '%s\n' "$old"
}

home=/var/lib/k3s-rollout
profile=/nix/var/nix/profiles/system
revert=k3s-rollout-revert
activate=k3s-rollout-activate
# The rollout that has activated a system and not confirmed it yet, its operator, and when the host reverts; lost at a reboot.
unconfirmed=/run/k3s-rollout-unconfirmed
lock=/run/k3s-rollout.lock
# A boot on trial, in lines: rollout, operator, seconds until the host reverts, system. It survives reboots.
trial=$home/trial
trial_unit=k3s-rollout-trial

current_system() { readlink -f /run/current-system; }
# Time since the boot: clocks jump.
uptime_seconds() { read -r up _ </proc/uptime && echo "${up%.*}"; }
unit() { systemctl show -p "$2" --value "$1" 2>/dev/null || true; }
# Of nixpkgs, from which a system was built; empty where the system does not say it.
nixpkgs_of() { "$1/sw/bin/nixos-version" --revision 2>/dev/null || true; }
# As in switch-to-configuration: a service that restarts again and again is `activating`, and counts as failed.
report_failed() {
  systemctl list-units --all --plain --no-legend --state=failed,auto-restart 2>/dev/null | while read -r name _; do
    case "$name" in k3s-rollout-*) ;; *) report failed "$name" ;; esac
  done
}

# Only one program at a time changes this host. Wait for one that outlived its connection.
acquire_lock() {
  mkdir -p "$home"
  exec 9>"$home/lock"
  flock -w 40 9 || fail "another step of a rollout still runs here: look for it with 'lslocks'"
}

# Prepares the revert, before anything that may have to be undone.
# before: system that should be running; revert_program: text of the program that reverts to it; seconds: until then
# rollout: its ID; operator: its operator, on one line
prepare_return() {
  [ "$(current_system)" = "$before" ] || fail "the host runs another system than a moment ago: somebody else changes it"
  [ "$(unit "$activate.service" ActiveState)" != activating ] || fail "an activation of an earlier rollout still runs here"
  [ -x "$before/bin/switch-to-configuration" ] || fail "the running system $before cannot be returned to"
  # Remove what an earlier rollout left.
  systemctl stop "$revert.timer" "$activate.service" 2>/dev/null || true
  systemctl reset-failed "$revert.service" "$activate.service" 2>/dev/null || true
  rm -f "$home/reverted" "$home/tried" "$trial"
  printf '%s\n' "$before" >"$home/before"
  printf '%s\n' "$revert_program" >"$home/revert"
  printf '%s\n%s\n%s\n' "$rollout" "$operator" "$(($(uptime_seconds) + seconds))" >"$unconfirmed"
  # Protect it from garbage collection, even while neither /run/current-system nor a profile refers to it.
  mkdir -p /nix/var/nix/gcroots
  ln -sfn "$before" /nix/var/nix/gcroots/k3s-rollout-before
}

# Finishes: installs the files that the system was built from, and removes what the revert needs.
settle() {
  if ! diff -rq "$home/staging" /etc/nixos >/dev/null 2>&1; then
    rm -rf /etc/nixos.new
    cp -a "$home/staging" /etc/nixos.new
    if [ -e /etc/nixos ]; then
      copy=/etc/nixos.$(date -u +%Y-%m-%dT%H-%M-%SZ)
      # A clock that was set back may produce the same name again.
      while [ -e "$copy" ]; do copy=$copy-again; done
      mv /etc/nixos "$copy"
    fi
    mv /etc/nixos.new /etc/nixos
    report copy "${copy:-}"
  fi
  rm -f /nix/var/nix/gcroots/k3s-rollout-before "$home/before" "$home/refusal" "$unconfirmed"
  sync -f /etc/nixos
}
