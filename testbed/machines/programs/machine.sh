#!/bin/sh
# The power of a machine: boots it, and boots it again after a reboot. $1: its folder, $2: its network namespace, $3: Node
machine=$1
while :; do
  cat /proc/sys/kernel/random/uuid >"$machine/boot_id"
  rm -f "$machine/power/reboot"
  nsenter "--net=/run/netns/$2" unshare -m -u -p -f --kill-child sh "$machine/../programs/boot.sh" "$machine" "$3" \
    >>"$machine/console" 2>&1 &
  echo $! >"$machine/pid"
  wait $!
  rm -f "$machine/pid"
  [ -e "$machine/power/reboot" ] || exit 0
  sleep "$(cat "$machine/power/seconds" 2>/dev/null || echo 0.3)"
done
