# What NixOS does between its boot loader and its SSH server.
. /etc/set-environment
mkdir -p /run/units /run/sshd /run/nixos /run/systemd-bin
# The whole PATH of a transient unit on NixOS.
for program in systemctl systemd-run journalctl; do ln -s "/programs/$program" "/run/systemd-bin/$program"; done
# A person may choose another system in the boot menu.
system=$(cat /faults/boot-menu 2>/dev/null || boot-loader)
# Faults of all systems but the one that the fault names.
is_new() { fault "$1" && [ "$system" != "$(cat "/faults/$1")" ]; }
if is_new panics; then event panic; exec sleep 100000; fi
if is_new panics-and-reboots; then event panic; touch /power/reboot; exit; fi
ln -sfn "$system" /run/booted-system
ln -sfn "$system" /run/current-system
hostname "$(cat "$system/etc/hostname")"
event boot
# Units that sysinit.target wants, without waiting for them.
for unit in "$system"/etc/systemd/system/sysinit.target.wants/*.service; do
  [ -e "$(sed -n 's/^ConditionPathExists=//p' "$unit")" ] || continue
  systemd-run --unit="$(basename "$unit" .service)" $(sed -n 's/^ExecStart=//p' "$unit")
done
mkdir -p /etc/ssh/authorized_keys.d
cp "$system/etc/ssh/authorized_keys.d/root" /etc/ssh/authorized_keys.d/root
load-sysctl "$system"
nic=$(ls /sys/class/net | grep -Ev '^(lo|flannel.1|cni0)$' | head -n 1)
if is_new no-network; then ip link set "$nic" down; else ip link set "$nic" up; fi
if is_new hangs-before-sshd; then event hang; trap exit TERM; sleep 100000 & wait; fi
systemctl start nftables
systemctl start multi-user.target &
exec /usr/sbin/sshd -D -e 2>>/var/log/sshd
