#!/usr/bin/env bash
# One server of a cluster of three, which is broken in one way after another; after each, the emitted monitoring.sh runs as its unit runs
# it, and the real node_exporter is read.
#
#   unshare -n -m testbed/monitoring/host.sh FOLDER HOST ETCD NODE_EXPORTER
#
# FOLDER: a new one, which gets NAME.prom for each way; HOST: the emitted folder of the host.
# Real: the kernel's nft table, packets, three members of etcd with their metrics, certificates, files, filesystems, node_exporter.
# Stand-ins: systemctl, NixOS' two links below /run, and the timer.
set -euo pipefail
folder=$1
host=$2
etcd=$3
exporter=$4
k3s=$folder/k3s
run=$folder/run

[ "$(readlink /proc/self/ns/net)" != "$(readlink /proc/1/ns/net)" ] || { echo "run it in a network namespace of its own" >&2; exit 1; }
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true' EXIT

mkdir -p "$folder/bin" "$run/k3s-host-metrics" "$k3s"/server/{tls/etcd,db} "$k3s/agent"
mount --make-rprivate /
mount --bind "$run" /run
mount -t tmpfs -o size=400m,nr_inodes=2000 none "$k3s/server/db"
ip link set lo up

# What monitoring.sh asks, as systemd answers it.
printf '#!/bin/sh\ncat %s/unit\n' "$folder" >"$folder/bin/systemctl"
chmod +x "$folder/bin/systemctl"
export PATH=$folder/bin:$PATH

# Days, and the file's name below server/tls.
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=${2##*/}" -days "$1" \
    -keyout "$k3s/server/tls/${2%.crt}.key" -out "$k3s/server/tls/$2" 2>/dev/null
}

member() {
  local number=$1 data=$2
  shift 2
  local peers="http://127.0.0.1:10"
  "$etcd" --name "m$number" --data-dir "$data" --quota-backend-bytes 4194304 --logger zap --log-level error \
    --listen-client-urls "http://127.0.0.1:100${number}1" --advertise-client-urls "http://127.0.0.1:100${number}1" \
    --listen-peer-urls "${peers}0${number}0" --initial-advertise-peer-urls "${peers}0${number}0" \
    --initial-cluster "m1=${peers}010,m2=${peers}020,m3=${peers}030" "$@" >>"$folder/etcd.log" 2>&1 &
}

members_are() {
  for _ in $(seq 100); do
    if [ "$(curl -s --noproxy '*' http://127.0.0.1:2381/metrics | grep -c '^etcd_network_active_peers{.*} 1$')" = "$1" ]; then return; fi
    sleep 0.1
  done
  echo "etcd has not $1 peers" >&2
  tail "$folder/etcd.log" >&2
  return 1
}

start_exporter() {
  "$exporter" --web.listen-address=127.0.0.1:9100 --collector.textfile.directory=/run/k3s-host-metrics \
    >>"$folder/exporter.log" 2>&1 &
  exporter_pid=$!
  curl -s --noproxy '*' --retry 50 --retry-delay 0 --retry-connrefused -o "$folder/first" http://127.0.0.1:9100/metrics
}

# As NixOS' unit starts the text of `script`, with -e.
write_facts() {
  bash -e "$host/monitoring.sh" "$host/nftables.nft" "$k3s" "$k3s/server/db/snapshots" /run/k3s-host-metrics "$folder/drills"
}

# A drill of a restore, as drill.sh records it. $1: when it began, $2: how it ended
drilled() {
  printf 'begun %s\nsnapshot etcd-snapshot-1\ntaken %s\nrto 25\nresult %s\nreason \n' "$(date -d "$1" +%s)" "$(date -d "$1 1 hour ago" +%s)" \
    "$2" >"$folder/drills/last"
}

# An answer that there is not stays an empty file, for Prometheus' `up`.
read_as() {
  curl -s --noproxy '*' --max-time 10 -o "$folder/$1.prom" http://127.0.0.1:9100/metrics || : >"$folder/$1.prom"
  date +%s >"$folder/$1.time"
}

observe() {
  write_facts
  read_as "$1"
}

healthy() {
  echo active >"$folder/unit"
  nft -f "$host/nftables.nft"
  local name
  for name in server-ca.crt etcd/server-ca.crt; do certificate 3650 "$name"; done
  for name in serving-kube-apiserver.crt client-admin.crt etcd/client.crt; do certificate 365 "$name"; done
  # Of port 6443, with its key: a Secret, as K3s keeps it.
  certificate 365 dynamic.crt
  printf '{"kind":"Secret","data":{"tls.crt":"%s","tls.key":"%s"}}\n' "$(base64 -w0 "$k3s/server/tls/dynamic.crt")" \
    "$(base64 -w0 "$k3s/server/tls/dynamic.key")" >"$k3s/server/tls/dynamic-cert.json"
  rm -rf "$k3s/server/db/snapshots" "$run/booted-system" "$run/current-system"
  mkdir -p "$k3s/server/db/snapshots" "$run/system" "$run/newer"
  echo snapshot >"$k3s/server/db/snapshots/etcd-snapshot-1"
  mkdir -p "$folder/drills"
  touch -d '90 days ago' "$folder/drills/since"
  drilled '20 days ago' succeeded
  cp "$folder/drills/last" "$folder/drills/success"
  for name in kernel initrd kernel-modules kernel-params; do
    echo old >"$run/system/$name"
    echo new >"$run/newer/$name"
  done
  ln -s system "$run/booted-system"
  ln -s system "$run/current-system"
}

printf 'K10canary::server:5ca1ab1e\n' >"$k3s/server/token"
chmod 600 "$k3s/server/token"
member 1 "$k3s/server/db/etcd" --listen-metrics-urls http://127.0.0.1:2381
member 2 "$folder/m2"
member 3 "$folder/m3"
third=$!
members_are 2
start_exporter

healthy
observe healthy

nft add rule inet k3s_host input tcp dport 4444 accept
observe rule-added
healthy

handle=$(nft -a list chain inet k3s_host guard | sed -n 's/.*drop # handle //p' | head -n 1)
nft delete rule inet k3s_host guard handle "$handle"
observe rule-deleted
healthy

nft add element inet k3s_host lan4 '{ 203.0.113.0/24 }'
observe element-added
healthy

nft delete table inet k3s_host
observe table-deleted
healthy

# A host of the LAN that sends with a pod's address.
ip link add ens18 type veth peer name lan
ip addr add 172.22.0.134/24 dev ens18
ip link set ens18 up
ip link set lan up
perl -e '
  use Socket;
  my $frame = pack("H*", $ARGV[1] . "020000000001" . "0800" . "4500001c000000004001" . "0000" . "0a2a0909" . "ac160086" . "0800f7ff00000000");
  my $sum = 0; $sum += $_ for unpack("n*", substr($frame, 14, 20)); $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
  substr($frame, 24, 2) = pack("n", ~$sum & 0xffff);
  socket(my $socket, 17, SOCK_RAW, 0x0008) or die "$!";
  my $to = pack("SnlSCCa8", 17, 0x0800, $ARGV[0], 0, 0, 6, "");
  send($socket, $frame, 0, $to) or die "$!" for 1 .. 20;
' "$(cat /sys/class/net/lan/ifindex 2>/dev/null || ip -o link show lan | cut -d: -f1)" "$(ip -o link show ens18 | sed -n 's/.*ether \([0-9a-f:]*\).*/\1/p' | tr -d :)"
observe forged-packets
ip link del ens18
healthy

for state in inactive failed activating; do
  echo "$state" >"$folder/unit"
  observe "k3s-$state"
done
healthy

certificate 20 serving-kube-apiserver.crt
observe certificate-expires
healthy

certificate 20 dynamic.crt
printf '{"kind":"Secret","data":{"tls.crt":"%s","tls.key":"x"}}\n' "$(base64 -w0 "$k3s/server/tls/dynamic.crt")" \
  >"$k3s/server/tls/dynamic-cert.json"
observe certificate-of-the-api-expires
healthy

# K3s of long ago left it, and renews it no more.
certificate 1 client-cloud-controller.crt
observe certificate-left-over
rm "$k3s/server/tls/client-cloud-controller.crt"

certificate 100 etcd/server-ca.crt
observe ca-expires
healthy

touch -d '37 hours ago' "$k3s/server/db/snapshots/etcd-snapshot-1"
observe snapshot-old
echo later >"$k3s/server/db/snapshots/etcd-snapshot-2"
observe snapshot-newer
healthy

mv "$k3s/server/db/snapshots/etcd-snapshot-1" "$k3s/server/db/snapshots/etcd-snapshot-1.part"
: >"$k3s/server/db/snapshots/etcd-snapshot-2"
observe snapshot-unfinished
healthy

drilled now not-restored
observe drill-failed
drilled now unfinished
observe drill-unfinished
drilled '36 days ago' succeeded
mv "$folder/drills/last" "$folder/drills/success"
drilled '36 days ago' succeeded
observe drill-old
rm "$folder/drills/last" "$folder/drills/success"
observe drill-never
touch "$folder/drills/since"
observe drill-new
rm -r "$folder/drills"
observe drill-unknown
healthy

size=$(stat -f -c '%b * %S / 100 * 92' "$k3s/server/db")
used=$(stat -f -c '(%b - %a) * %S' "$k3s/server/db")
fallocate -l "$((size - used))" "$k3s/server/db/filler"
observe disk-full
rm "$k3s/server/db/filler"

mkdir "$k3s/server/db/many"
(cd "$k3s/server/db/many" && seq 1850 | xargs touch)
observe inodes-full
rm -r "$k3s/server/db/many"

ln -sfn newer "$run/current-system"
observe reboot-needed
healthy

observe facts-old
touch -d '20 minutes ago' /run/k3s-host-metrics/k3s-host.prom
read_as facts-old
rm /run/k3s-host-metrics/k3s-host.prom
read_as facts-missing

kill "$exporter_pid"
wait "$exporter_pid" || true
read_as host-down
start_exporter

kill "$third"
members_are 1
observe member-missing
member 3 "$folder/m3"
members_are 2

# etcd itself writes until its file has four fifths of what it may have.
value=$(head -c 90000 /dev/zero | base64 -w0)
for key in $(seq 45); do
  size=$(curl -s --noproxy '*' http://127.0.0.1:2381/metrics | sed -n 's/^etcd_mvcc_db_total_size_in_bytes //p')
  ! awk "BEGIN { exit !($size > 3500000) }" || break
  printf '{"key":"%s","value":"%s"}' "$(printf '%s' "$key" | base64)" "$value" |
    curl -sf --noproxy '*' -o "$folder/put" -d @- http://127.0.0.1:10011/v3/kv/put
done
observe etcd-large

# An agent has no etcd, and fewer certificates.
agent=$k3s/server/db/agent
mkdir -p "$agent/agent"
cp "$k3s/server/tls/client-admin.crt" "$agent/agent/client-kubelet.crt"
k3s=$agent
observe agent
