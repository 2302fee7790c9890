#!/bin/sh
# A stand-in for K3s: records how it was called and what it finds around it, in a folder with the name of its node.
for argument; do
  case $argument in --node-name=*) node=${argument#--node-name=} ;; esac
done
records=$(dirname "$0")/$node.partial
mkdir "$records"
printf '%s\n' "$@" >"$records/arguments"
cat /var/lib/k3s-secrets/token >"$records/token"
ip -o address show >"$records/addresses"
ip -o link show >"$records/links"
ls /sys/class/net >"$records/devices"
nft list tables >"$records/tables"
cat /proc/self/cgroup >"$records/cgroup"
ls -A /run >"$records/run"
mkdir -p /etc/rancher/k3s /var/lib/rancher/k3s /usr/libexec/kubernetes-of-a-test
[ -z "$IMAGES" ] || cat /var/lib/rancher/k3s/agent/images/* >"$records/images"
mv "$records" "$(dirname "$0")/$node"
exec sleep 3600
