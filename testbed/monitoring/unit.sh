#!/usr/bin/env bash
# Boots a Debian with its systemd in a container, runs the unit of the host's metrics there, changes the firewall, and runs it again.
#
#   unshare -m testbed/monitoring/unit.sh FOLDER HOST UNIT DEBIAN
#
# FOLDER: a new one, which gets before.prom and after.prom; HOST: the emitted folder of the host; UNIT: the unit's file, which runs
# /host/monitoring.sh; DEBIAN: that of testbed/nspawn
set -euo pipefail
folder=$1
host=$2
unit=$3
. "$(dirname "$0")/../nspawn/probe.sh"

mount --make-rprivate /
root=$folder/root
debian_below "$root" "$4"
db=$root/var/lib/rancher/k3s/server/db
mkdir -p "$db/etcd" "$db/snapshots"
echo snapshot >"$db/snapshots/etcd-snapshot-1"
chmod 700 "$root/var/lib/rancher/k3s/server"
cp -r "$host" "$root/host"
# nft knows protocols by their names, as on NixOS.
cp /etc/protocols "$root/etc/protocols"
units=$root/etc/systemd/system
cp "$unit" "$units/k3s-host-metrics.service"
printf '[Service]\nExecStart=/bin/sleep infinity\n' >"$units/k3s.service"
boot_probe "$root" "$folder" before.prom after.prom <<'COMMANDS'
nft -f /host/nftables.nft
systemctl start k3s
systemctl start k3s-host-metrics
cp --preserve=mode /run/k3s-host-metrics/k3s-host.prom /before.prom
nft add rule inet k3s_host input tcp dport 4444 accept
systemctl stop k3s
systemctl start k3s-host-metrics
cp --preserve=mode /run/k3s-host-metrics/k3s-host.prom /after.prom
COMMANDS
