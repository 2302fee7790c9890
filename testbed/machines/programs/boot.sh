#!/bin/sh
# A machine that is switched on: the first process of its PID namespace, in its own mount and UTS namespaces.
# $1: folder of the machine, $2: Node. When it ends, everything that ran on the machine ends.
set -e
machine=$1
root=$machine/root
# Its own filesystem, like a disk.
mount --bind "$root" "$root"
. "$machine/../programs/system-folders.sh"
mount --bind "$machine/../programs" "$root/programs"
mount --bind "$machine/cluster" "$root/cluster"
mount --bind "$machine/power" "$root/power"
mount -t proc proc "$root/proc"
mount --bind "$machine/boot_id" "$root/proc/sys/kernel/random/boot_id"
# The /sys of this network, and no UEFI, even if the underlying machine has it.
mount -t sysfs sysfs "$root/sys"
if [ -d "$root/sys/firmware/efi" ]; then mount -t tmpfs none "$root/sys/firmware"; fi
touch "$root/node"
mount --bind "$2" "$root/node"
mount -t tmpfs none "$root/run"
mount -t tmpfs none "$root/dev"
for device in null zero random urandom; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir -p "$root/dev/disk/by-uuid"
ln -s ../../null "$root/dev/disk/by-uuid/$(cat "$root/etc/root-uuid")"
nft flush ruleset
exec chroot "$root" /bin/sh /programs/init.sh
