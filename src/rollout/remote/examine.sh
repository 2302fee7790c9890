# built: system that this host is to run. Says what it is, and what the host needs in order to run it.
# interfaces: MAC address and name of each network interface that the system names, with = between
[ -x "$built/bin/switch-to-configuration" ] || fail "the build left no system at $home/result"
report built "$built"
report release "$(cat "$built/nixos-version")"
report k3s_version "$("$built/sw/bin/k3s" --version 2>/dev/null | sed -n 's/^k3s version \([^ ]*\).*/\1/p')"
for part in kernel initrd kernel-modules; do
  if [ "$(readlink -f "$built/$part" || true)" != "$(readlink -f "/run/booted-system/$part" || true)" ]; then
    report reboot "$part"
  fi
done
cmp -s "$built/kernel-params" /run/booted-system/kernel-params || report reboot "kernel-params"
# At the next boot the card below a bridge would get the bridge's name, and neither would be there. A masked file is empty.
for pair in $interfaces; do
  name=${pair#*=}
  kind=$(sed -n 's/^DEVTYPE=\(bridge\|bond\|vlan\)$/\1/p' "/sys/class/net/$name/uevent" 2>/dev/null || true)
  if [ -n "$kind" ] && [ -s "$built/etc/systemd/network/10-$name.link" ]; then
    fail "its network interface $name is a $kind, whose name the network card would get at the next boot; leave the card its own name, in local.nix: systemd.network.links.\"10-$name\".enable = false"
  fi
done
# Whether it refuses to be activated while the host runs. A system without such a check does not refuse.
refusals() {
  if "$built/bin/switch-to-configuration" 2>&1 | grep -q '^check:'; then
    "$built/bin/switch-to-configuration" check >check.log 2>&1 9>&- || tail -n 12 check.log
  fi
  # udev renames only what is added (systemd, src/udev/udev-event.c, rename_netif), and NixOS' units would wait for the name.
  for pair in $interfaces; do
    [ "$(cat "/sys/class/net/${pair#*=}/address" 2>/dev/null || true)" = "${pair%%=*}" ] ||
      echo "its network interface with MAC address ${pair%%=*} is to be ${pair#*=}, which it becomes only at boot"
  done
  interface() { cat "$1/init-interface-version" 2>/dev/null || true; }
  [ "$(interface /run/current-system)" = "$(interface "$built")" ] || echo "it has another init than the one that runs"
}
refusals >refusal
if [ -s refusal ]; then report_file refusal refusal; else rm -f refusal; fi
hostname=$(cat "$built/etc/hostname" 2>/dev/null || true)
[ "$hostname" = "$(cat /proc/sys/kernel/hostname)" ] || report reboot "hostname"
# The keys with which the new system accepts root.
for keys in "$built/etc/ssh/authorized_keys.d/root" /root/.ssh/authorized_keys; do
  if [ -s "$keys" ]; then
    ssh-keygen -lf "$keys" | while read -r _ fingerprint _; do report key "$fingerprint"; done
  fi
done
