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
. "$(dirname "$0")/../nspawn/programs/debian.sh"

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
cat >"$units/probe.service" <<'UNIT'
[Unit]
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
StandardOutput=append:/probe.log
StandardError=append:/probe.log
ExecStart=/bin/sh -exc ' \
  nft -f /host/nftables.nft; \
  systemctl start k3s; \
  systemctl start k3s-host-metrics; \
  cp --preserve=mode /run/k3s-host-metrics/k3s-host.prom /before.prom; \
  nft add rule inet k3s_host input tcp dport 4444 accept; \
  systemctl stop k3s; \
  systemctl start k3s-host-metrics; \
  cp --preserve=mode /run/k3s-host-metrics/k3s-host.prom /after.prom'
[Install]
WantedBy=multi-user.target
UNIT
mkdir -p "$units/multi-user.target.wants"
ln -s ../probe.service "$units/multi-user.target.wants/probe.service"

systemd-nspawn --quiet --register=no --keep-unit --link-journal=no --timezone=off --resolv-conf=off --private-network \
  --console=read-only "--directory=$root" --boot >"$folder/console" 2>&1 || true
for name in before after; do
  cp --preserve=mode "$root/$name.prom" "$folder/" || {
    cat "$root/probe.log" "$folder/console" >&2
    exit 1
  }
done
