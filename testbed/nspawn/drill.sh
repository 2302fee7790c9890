#!/usr/bin/env bash
# Boots a Debian with its systemd in a container, starts the unit of a drill there, and kills it while K3s restores.
#
#   unshare -m testbed/nspawn/drill.sh FOLDER HOST UNIT RULES DEBIAN
#
# FOLDER: a new one, which gets what is asked for; HOST: the emitted folder of the host; UNIT: the unit's file, which runs /host/drill.sh;
# RULES: those of systemd-tmpfiles; DEBIAN: that of base.sh
# Stand-in: K3s, by a script that never ends and says what it may write.
set -euo pipefail
folder=$1
host=$2
unit=$3
rules=$4
. "$(dirname "$0")/probe.sh"

mount --make-rprivate /
root=$folder/root
debian_below "$root" "$5"
snapshots=$root/var/lib/rancher/k3s/server/db/snapshots
mkdir -p "$snapshots" "$root/var/lib/k3s-secrets" "$root/etc/rancher"
echo snapshot >"$snapshots/etcd-snapshot-1"
echo token >"$root/var/lib/k3s-secrets/token"
echo token >"$root/root/token"
cp -r "$host" "$root/host"
cp "$unit" "$root/etc/systemd/system/k3s-rollout-drill.service"
cp "$rules" "$root/etc/tmpfiles.d/drill.conf"
cat >"$root/usr/bin/k3s" <<'K3S'
#!/bin/sh
for path in /var/lib/rancher/k3s/server/token /etc/rancher/k3s.yaml /root/token /var/lib/k3s-rollout-drill/aside/own; do
  if touch "$path" 2>/dev/null; then echo "writes $path"; else echo "may not write $path"; fi
done >/var/lib/k3s-rollout-drill/seen
! cat /root/token >/dev/null || echo "reads /root/token" >>/var/lib/k3s-rollout-drill/seen
ip -br link show | sed 's/ .*//;s/^/has /' >>/var/lib/k3s-rollout-drill/seen
mkfifo /var/lib/k3s-rollout-drill/running
echo >/var/lib/k3s-rollout-drill/running
exec sleep infinity
K3S
chmod +x "$root/usr/bin/k3s"
boot_probe "$root" "$folder" during after said mode <<'COMMANDS'
rm -r /var/lib/k3s-rollout-drill
systemctl start --no-block k3s-rollout-drill
until [ -p /var/lib/k3s-rollout-drill/running ]; do sleep 0.1; done
cd /var/lib/k3s-rollout-drill
stat -c %a . >/mode
read -r _ <running
ls -A aside/server >/during
systemctl kill --signal=KILL k3s-rollout-drill
while [ "$(systemctl show -P ActiveState k3s-rollout-drill)" != failed ]; do sleep 0.1; done
rm running
ls -A >/after
pgrep -c sleep >>/after || true
cat last seen >/said
COMMANDS
