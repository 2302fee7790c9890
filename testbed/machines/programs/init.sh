# What NixOS does between its boot loader and its SSH server.
. /etc/set-environment
mkdir -p /run/units /run/sshd /run/nixos /run/systemd-bin
# All that a transient unit has in its PATH on NixOS.
for program in systemctl systemd-run journalctl; do ln -s "/programs/$program" "/run/systemd-bin/$program"; done
system=$(readlink -f /boot/default)
ln -sfn "$system" /run/booted-system
ln -sfn "$system" /run/current-system
hostname "$(cat "$system/etc/hostname")"
event boot
mkdir -p /etc/ssh/authorized_keys.d
cp "$system/etc/ssh/authorized_keys.d/root" /etc/ssh/authorized_keys.d/root
load-sysctl "$system"
systemctl start nftables
systemctl start multi-user.target &
exec /usr/sbin/sshd -D -e 2>>/var/log/sshd
