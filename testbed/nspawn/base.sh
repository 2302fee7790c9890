#!/usr/bin/env bash
# Builds the Debian of testbed/nspawn's hosts once, in a cache outside of the checkout.
#
#   testbed/nspawn/base.sh             builds it unless it exists, as root
#   testbed/nspawn/base.sh --folder    prints where it is, or would be
#
# The cache is $XDG_CACHE_HOME/proxmox-nixos-k3s/debian, below ~/.cache unless stated.
set -euo pipefail
suite=bookworm
packages=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,nftables,iproute2,iputils-ping,curl,procps,util-linux
cache=${XDG_CACHE_HOME:-$HOME/.cache}/proxmox-nixos-k3s/debian
# Each list of packages has its own folder.
folder=$cache/$suite-$(echo "$packages" | git hash-object --stdin | cut -c1-16)

if [ "${1:-}" = --folder ]; then
  echo "$folder"
  exit
fi
if [ -d "$folder" ]; then exit; fi
echo "making a Debian $suite for containers: a minute"
mkdir -p "$cache"
# It is complete or missing.
making=$(mktemp -d "$cache/.making-XXXXXX")
trap 'rm -rf "$making"' EXIT
chmod 755 "$making"
debootstrap --variant=minbase --include="$packages" "$suite" "$making" >"$making.log" 2>&1 || {
  tail -n 20 "$making.log" >&2
  exit 1
}
rm -rf "$making.log" "$making"/var/cache/apt/archives/*.deb "$making"/etc/ssh/ssh_host_*
# Debian's own timers, which would run in the middle of a test.
ln -sf /dev/null "$making/etc/systemd/system/apt-daily.timer"
ln -sf /dev/null "$making/etc/systemd/system/apt-daily-upgrade.timer"
ln -sf /dev/null "$making/etc/systemd/system/e2scrub_all.timer"
if [ ! -d "$folder" ]; then mv "$making" "$folder"; fi
