# Reads, and changes nothing.
# device: root device in the host's hardware configuration
# k3s_disks: device and mount point of the disks with K3s' data, each pair with a colon between
# api_vip: the API's own address, or nothing
# examine_boot_loader: yes: whether it can boot a system once
# salt: chosen by the operator; token_files: paths of files with join tokens
include boot-once
include host-state
report uid "$(id -u)"
report_line boot_id /proc/sys/kernel/random/boot_id
report_line hostname /proc/sys/kernel/hostname
report_line machine_id /etc/machine-id
report client "${SSH_CONNECTION%% *}"
for nic in /sys/class/net/*; do
  if [ -r "$nic/address" ]; then
    read_line "$nic/address"
    report nic "${nic##*/} $line"
  fi
done
if [ -d /sys/firmware/efi ]; then report firmware uefi; else report firmware bios; fi
report root_uuid "$(findmnt -no UUID / 2>/dev/null || true)"
report root_source "$(findmnt -no SOURCE / 2>/dev/null || true)"
if [ -n "$device" ] && [ -e "$device" ]; then report root_device "$(readlink -f "$device")"; fi

if [ -e /etc/NIXOS ]; then report nixos yes; fi
current=$(current_system)
report current "$current"
report profile "$(readlink -f "$profile" || true)"
report_line release /run/current-system/nixos-version
report nixpkgs "$(nixpkgs_of /run/current-system)"
report_k3s_version
report_states
if [ -n "$api_vip" ] && [ -n "$(ip -4 -o address show to "$api_vip/32" 2>/dev/null || true)" ]; then report holds_api_vip yes; fi
# What K3s makes, and not the folders above it, which systemd makes for a mount.
for data in server/db/etcd server/db/state.db; do
  [ ! -e "/var/lib/rancher/k3s/$data" ] || report server_data yes
done
for data in server/db/etcd server/db/state.db server/tls server/token agent; do
  [ ! -e "/var/lib/rancher/k3s/$data" ] || report joined yes
done
# The last of several mounts on one folder is the one that is seen.
mounted_device() { readlink -f "$(findmnt -nro SOURCE --mountpoint "$1" 2>/dev/null | tail -n 1)" || true; }
for disk in $k3s_disks; do
  wanted=$(readlink -f "${disk%%:*}" || true)
  [ -z "$wanted" ] || [ "$(mounted_device "${disk#*:}")" != "$wanted" ] || report k3s_mount "${disk#*:}"
done
if [ -r /etc/fstab ]; then
  while read -r disk path _ || [ -n "$disk" ]; do
    case "$disk $path" in
      "#"*) ;;
      *" /var/lib/rancher"* | *" /var/lib/kubelet"*) [ -z "$(mounted_device "$path")" ] || report k3s_mounted "$path" ;;
    esac
  done </etc/fstab
fi
# Only salted hashes leave this host, and no token is sent to it for comparison.
hash_of() { { printf '%s' "$salt"; password <"$1"; } | sha256sum | { read -r hash _ && echo "$hash"; }; }
for path in $token_files; do
  [ ! -s "$path" ] || report token "$path $(hash_of "$path")"
  old=$(newest_of "$path")
  [ ! -s "$old" ] || report old_token "$path $(hash_of "$old")"
done
kept=/var/lib/rancher/k3s/server/token
[ ! -s "$kept" ] || report kept_token "$(hash_of "$kept")"
[ ! -s "$trial" ] || report trial yes
whose=$unconfirmed
[ -s "$whose" ] || whose=$trial
if [ -s "$whose" ]; then
  { read -r rollout; read -r operator; read -r end; } <"$whose"
  report rollout "$rollout"
  report operator "$operator"
  report reverts_in "$((end - $(uptime_seconds)))"
  report_line before "$home/before"
fi
if [ -s "$lock" ]; then
  { read -r holder; read -r _; read -r heard; } <"$lock"
  report lock "$holder"
  report lock_heard "$(($(uptime_seconds) - heard))"
fi
report up "$(uptime_seconds)"
report_failed
if [ "$(readlink -f /run/booted-system || true)" != "$current" ]; then
  for part in kernel initrd kernel-modules; do
    if [ "$(readlink -f "/run/booted-system/$part" || true)" != "$(readlink -f "/run/current-system/$part" || true)" ]; then
      report reboot "$part"
    fi
  done
  cmp -s /run/current-system/kernel-params /run/booted-system/kernel-params || report reboot "kernel-params"
fi
if [ "$examine_boot_loader" = yes ]; then
  fault=$(once_fault)
  report boots_once "${fault:-yes}"
fi
report_line wanted_hostname /run/current-system/etc/hostname

if [ -d /etc/nixos ]; then
  # A name may contain spaces and line breaks. Then it is in base64, with a = before it.
  # shellcheck disable=SC2016 # these are the inner shell's
  find -L /etc/nixos -type f -size -256k ! -path '*/.git/*' -exec sh -c '
    for file; do
      name=${file#/etc/nixos/}
      case "$name" in *[!A-Za-z0-9._/-]*) name="=$(printf %s "$name" | base64 -w0)" ;; esac
      printf "@file %s %s\n" "$name" "$(base64 -w0 "$file")"
    done' sh {} + || true # a file may disappear meanwhile
fi
report_file refusal "$home/refusal"
report_file deletions /var/lib/nftables/deletions.nft
