# Creates what an installer leaves on a disk before its first boot: a built system, which is the boot default.
# $1: root of the machine, $2: stand-ins, $3: state of the cluster, $4: folder of Debian for a container
root=$1
if [ -n "$4" ]; then . "$2/debian.sh" && debian_below "$root" "$4"; else . "$2/system-folders.sh"; fi
mount --bind "$2" "$root/programs"
mount --bind "$3" "$root/cluster"
exec chroot "$root" /bin/sh -e <<'END'
cd /tmp
PATH=/programs:$PATH
nixos-rebuild build --no-flake -I nixos-config=/etc/nixos/configuration.nix
nix-env -p /nix/var/nix/profiles/system --set "$(readlink -f result)"
ln -sfn "$(readlink -f result)" /boot/default
install-grub "$(readlink -f result)" "" "$(cat /etc/root-uuid)" /nix/store
END
