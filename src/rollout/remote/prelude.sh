# A session that is no login has NixOS' PATH and NIX_PATH only from here.
if [ -e /etc/set-environment ]; then . /etc/set-environment; fi
set -eu
umask 077
# Goes on when the operator's machine is gone: a step that has begun is finished.
trap '' HUP PIPE

# What is to be known: lines `@name value`. That nobody listens any more ends nothing.
report() { printf '@%s %s\n' "$1" "$2" 2>/dev/null || true; }
report_file() { [ ! -r "$2" ] || report "$1" "$(base64 -w0 "$2")"; }
fail() { report trouble "$1"; exit 1; }

# What of a join token is the password, from its short or its long form.
password() { sed 's/^K10[0-9a-f]*::\([^:]*:\)\{0,1\}//' | tr -d '[:space:]'; }

home=/var/lib/k3s-rollout
profile=/nix/var/nix/profiles/system
revert=k3s-rollout-revert
activate=k3s-rollout-activate
# Which rollout has activated a system and not confirmed it yet, whose it is, and when the host reverts; gone at a reboot.
unconfirmed=/run/k3s-rollout-unconfirmed
lock=/run/k3s-rollout.lock

current_system() { readlink -f /run/current-system; }
# Time since the boot: clocks jump.
uptime_seconds() { cut -d. -f1 /proc/uptime; }
unit() { systemctl show -p "$2" --value "$1" 2>/dev/null || true; }
# As switch-to-configuration counts them: a service that is started again and again is `activating`, and failed.
report_failed() {
  systemctl list-units --all --plain --no-legend --state=failed,auto-restart 2>/dev/null | while read -r name _; do
    case "$name" in k3s-rollout-*) ;; *) report failed "$name" ;; esac
  done
}

# One program at a time changes this host; one that outlived its connection is waited for.
acquire_lock() {
  mkdir -p "$home"
  exec 9>"$home/lock"
  flock -w 40 9 || fail "another step of a rollout still runs here: look for it with 'lslocks'"
}
