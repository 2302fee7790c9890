# Reads, and changes nothing.
# device: of the root filesystem, as the host's hardware configuration says
# salt: of the operator's; token_files: paths of files with join tokens
say uid "$(id -u)"
say boot_id "$(cat /proc/sys/kernel/random/boot_id)"
say hostname "$(cat /proc/sys/kernel/hostname)"
say machine_id "$(cat /etc/machine-id 2>/dev/null || true)"
say client "${SSH_CONNECTION%% *}"
for nic in /sys/class/net/*; do
  [ ! -r "$nic/address" ] || say nic "${nic##*/} $(cat "$nic/address")"
done
if [ -d /sys/firmware/efi ]; then say firmware uefi; else say firmware bios; fi
say root_uuid "$(findmnt -no UUID / 2>/dev/null || true)"
say root_source "$(findmnt -no SOURCE / 2>/dev/null || true)"
if [ -n "$device" ] && [ -e "$device" ]; then say root_device "$(readlink -f "$device")"; fi

if [ -e /etc/NIXOS ]; then say nixos yes; fi
say current "$(current_system)"
say booted "$(readlink -f /run/booted-system || true)"
say profile "$(readlink -f "$profile" || true)"
say release "$(cat /run/current-system/nixos-version 2>/dev/null || true)"
say k3s_version "$(/run/current-system/sw/bin/k3s --version 2>/dev/null | sed -n 's/^k3s version \([^ ]*\).*/\1/p')"
say k3s "$(unit k3s.service ActiveState)"
if [ -d /var/lib/rancher/k3s/server/db ]; then say server_data yes; fi
if [ -d /var/lib/rancher/k3s/server ] || [ -d /var/lib/rancher/k3s/agent ]; then say joined yes; fi
# No token leaves this host, and none is sent to be compared.
hash_of() { { printf '%s' "$salt"; password <"$1"; } | sha256sum | cut -d' ' -f1; }
for path in $token_files; do
  [ ! -s "$path" ] || say token "$path $(hash_of "$path")"
done
kept=/var/lib/rancher/k3s/server/token
[ ! -s "$kept" ] || say kept_token "$(hash_of "$kept")"
say revert "$(unit "$revert.timer" ActiveState)"
say reverting "$(unit "$revert.service" ActiveState)"
say activation "$(unit "$activate.service" ActiveState)"
if [ -s "$unconfirmed" ]; then
  { read -r rollout; read -r operator; read -r end; } <"$unconfirmed"
  say rollout "$rollout"
  say operator "$operator"
  say reverts_in "$((end - $(uptime_seconds)))"
  say before "$(cat "$home/before" 2>/dev/null || true)"
fi
if [ -s "$lock" ]; then
  { read -r holder; read -r _; read -r heard; } <"$lock"
  say lock "$holder"
  say lock_heard "$(($(uptime_seconds) - heard))"
fi
say up "$(uptime_seconds)"
say_failed
if [ "$(readlink -f /run/booted-system || true)" != "$(current_system)" ]; then
  for part in kernel initrd kernel-modules; do
    if [ "$(readlink -f "/run/booted-system/$part" || true)" != "$(readlink -f "/run/current-system/$part" || true)" ]; then
      say reboot "$part"
    fi
  done
  cmp -s /run/current-system/kernel-params /run/booted-system/kernel-params || say reboot "kernel-params"
fi
say wanted_hostname "$(cat /run/current-system/etc/hostname 2>/dev/null || true)"

if [ -d /etc/nixos ]; then
  find -L /etc/nixos -type f -size -256k ! -path '*/.git/*' | sort | while read -r file; do
    say file "${file#/etc/nixos/} $(base64 -w0 "$file")"
  done
fi
say_file deletions /var/lib/nftables/deletions.nft
