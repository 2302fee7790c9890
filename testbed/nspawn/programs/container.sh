#!/bin/sh
# The power of a machine that is a container: Debian below, its own files above, its network, and its own systemd.
# $1: its folder, $2: its network namespace, $3: Node, $4: folder of Debian
machine=$1
shared=$machine/..
. "$shared/programs/debian.sh"
# In its own mount namespace, so that nothing keeps the folder busy when it ends.
[ "$5" = apart ] || exec unshare -m sh "$0" "$1" "$2" "$3" "$4" apart
# Tests set faults in the folder that is hidden from here on.
mkdir -p "$machine/faults"
mount --bind "$machine/root/faults" "$machine/faults"
debian_below "$machine/root" "$4"
cgroup=/sys/fs/cgroup/k3s-nspawn/$(basename "$(dirname "$(dirname "$machine")")")-$2
mkdir -p "$cgroup"
boot() {
  nsenter "--net=/run/netns/$2" nft flush ruleset
  (
    echo 0 >"$cgroup/cgroup.procs"
    # From within the network namespace, to which /sys must belong.
    exec nsenter "--net=/run/netns/$2" systemd-nspawn --quiet --register=no --keep-unit --link-journal=no --timezone=off \
      --resolv-conf=off --capability=CAP_NET_ADMIN --console=read-only "--machine=$2" "--directory=$machine/root" \
      "--network-namespace-path=/run/netns/$2" "--bind=$shared/programs:/programs" "--bind=$shared/cluster:/cluster" \
      "--bind=$machine/faults:/faults" "--bind-ro=$3:/node" /programs/stage-2 >>"$machine/console" 2>&1
  ) &
  echo $! >"$machine/pid"
  wait $!
}
# With --keep-unit it leaves a reboot to whoever started it.
while :; do
  boot "$@"
  [ $? = 133 ] || break
done
rm -f "$machine/pid"
