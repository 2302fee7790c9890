# A session that is no login has NixOS' PATH and NIX_PATH only from here.
if [ -e /etc/set-environment ]; then . /etc/set-environment; fi
set -eu
umask 077
# Goes on when the operator's machine is gone: a step that has begun is finished.
trap '' HUP PIPE

# What is to be known: lines `@name value`. That nobody listens any more ends nothing.
say() { printf '@%s %s\n' "$1" "$2" 2>/dev/null || true; }
say_file() { [ ! -r "$2" ] || say "$1" "$(base64 -w0 "$2")"; }
fail() { say trouble "$1"; exit 1; }

home=/var/lib/k3s-rollout
profile=/nix/var/nix/profiles/system
revert=k3s-rollout-revert
activate=k3s-rollout-activate

current_system() { readlink -f /run/current-system; }
unit() { systemctl show -p "$2" --value "$1" 2>/dev/null || true; }

# One program at a time changes this host; one that outlived its connection is waited for.
alone() {
  mkdir -p "$home"
  exec 9>"$home/lock"
  flock -w 40 9 || fail "another step of a rollout still runs here: look for it with 'lslocks'"
}
