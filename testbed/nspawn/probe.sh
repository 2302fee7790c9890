# shellcheck shell=bash
# For scripts that boot a Debian with its systemd in a container, to run units of a host there.
. "$(dirname "${BASH_SOURCE[0]}")/programs/debian.sh"

# Boots the Debian in $1, runs the commands of the standard input there, and ends it. $2: a folder, which gets the console, and the
# files of the root that are named after it.
boot_probe() {
  local root=$1 folder=$2 units=$1/etc/systemd/system
  shift 2
  cat >"$root/probe"
  cat >"$units/probe.service" <<'UNIT'
[Unit]
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
TimeoutStartSec=100
StandardOutput=append:/probe.log
StandardError=append:/probe.log
ExecStart=/bin/sh -ex /probe
[Install]
WantedBy=multi-user.target
UNIT
  mkdir -p "$units/multi-user.target.wants"
  ln -s ../probe.service "$units/multi-user.target.wants/probe.service"
  systemd-nspawn --quiet --register=no --keep-unit --link-journal=no --timezone=off --resolv-conf=off --private-network \
    --console=read-only "--directory=$root" --boot >"$folder/console" 2>&1 || true
  for name; do
    cp --preserve=mode "$root/$name" "$folder/" || {
      cat "$root/probe.log" "$folder/console" >&2
      exit 1
    }
  done
}
