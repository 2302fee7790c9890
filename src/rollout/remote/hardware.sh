# Where a kubelet runs, nixos-generate-config mistakes the volumes of pods for filesystems of the host. So it runs in a mount
# namespace without them; on the host itself nothing is unmounted.
sed -n 's/^[^#[:space:]][^[:space:]]*[[:space:]]\{1,\}\(\/[^[:space:]]*\).*/@fstab \1/p' /etc/fstab 2>/dev/null || true
# shellcheck disable=SC2016 # the inner shell expands it
unshare -m --propagation private sh -eu -c '
  # Unmount the last mounts first: they may be on top of others. Spaces in mount points are written in octal.
  sed -n "s|^[^/]*/[^ ]* \(/var/lib/kubelet/[^ ]*\) .*|\1|p" /proc/self/mountinfo | tac | while read -r at; do
    umount -l "$(printf %b "$at")"
  done
  exec nixos-generate-config --show-hardware-config'
