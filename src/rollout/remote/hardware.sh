# Beside a kubelet, nixos-generate-config takes volumes of pods for filesystems of the host. It looks in a mount namespace
# without them; on the host itself nothing is unmounted.
sed -n 's/^[^#[:space:]][^[:space:]]*[[:space:]]\{1,\}\(\/[^[:space:]]*\).*/@fstab \1/p' /etc/fstab 2>/dev/null || true
# shellcheck disable=SC2016 # the inner shell expands it
unshare -m --propagation private sh -eu -c '
  # Those that came last go first: they may lie on others. Mount points have their blanks in octal.
  sed -n "s|^[^/]*/[^ ]* \(/var/lib/kubelet/[^ ]*\) .*|\1|p" /proc/self/mountinfo | tac | while read -r at; do
    umount -l "$(printf %b "$at")"
  done
  exec nixos-generate-config --show-hardware-config'
