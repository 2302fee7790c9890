# Boots a system once: the boot loader forgets it before it starts it, so each later boot is of the default. GRUB: NixOS' grub.cfg
# reads next_entry from grubenv and clears it there (nixpkgs, nixos/modules/system/boot/loader/grub/install-grub.pl). systemd-boot:
# the EFI variable LoaderEntryOneShot (systemd, src/boot/efi/boot.c).
grub=/boot/grub
efivars=/sys/firmware/efi/efivars
loader_guid=4a67b082-0a4c-41cf-b6c7-440b29bb8c4f
oneshot=$efivars/LoaderEntryOneShot-$loader_guid

boot_loader() {
  # UTF-16
  if { tr -d '\000' <"$efivars/LoaderInfo-$loader_guid" | grep -aq systemd-boot; } 2>/dev/null; then echo systemd-boot
  elif [ -e "$grub/grub.cfg" ]; then echo GRUB; fi
}

# Why it cannot boot a system once. Empty if it can.
once_fault() {
  case "$(boot_loader)" in
    systemd-boot)
      command -v bootctl >/dev/null && [ -w "$efivars" ] || echo "its EFI variables cannot be written" ;;
    GRUB)
      if ! command -v grub-editenv >/dev/null; then echo "it has no grub-editenv"
      elif ! reads_next_entry; then echo "its grub.cfg does not read next_entry"
      elif grep -Eq '^[[:space:]]*set[[:space:]]+superusers' "$grub/grub.cfg"; then echo "its boot menu asks for a password"
      else grub_write_fault; fi ;;
    *) echo "its boot loader is neither GRUB in /boot/grub nor systemd-boot" ;;
  esac
}
# shellcheck disable=SC2016 # grub.cfg's own variable
reads_next_entry() {
  grep -Eq '^[[:space:]]*load_env' "$grub/grub.cfg" && grep -Fq 'set default="${next_entry}"' "$grub/grub.cfg" &&
    grep -Eq '^[[:space:]]*save_env.*[[:space:]]next_entry' "$grub/grub.cfg"
}
# GRUB writes grubenv in place, into the blocks that it has read. It cannot on LVM, RAID and LUKS (GRUB,
# grub-core/disk/diskfilter.c), nor on a filesystem that says no blocks or has checksums. Then it would boot the system every time.
grub_write_fault() {
  filesystem=$(findmnt -no FSTYPE --target "$grub" | tail -n 1)
  case "$filesystem" in
    ext2 | ext3 | ext4 | vfat | xfs) ;;
    *) echo "GRUB cannot write the filesystem of /boot, ${filesystem:-which is unknown}"; return ;;
  esac
  device=$(findmnt -no SOURCE --target "$grub" | tail -n 1)
  case "$(readlink -f "$device" || true)" in
    /dev/dm-* | /dev/md*) echo "GRUB cannot write the device of /boot, $device, which is LVM, RAID or encrypted" ;;
    /dev/*) ;;
    *) echo "GRUB cannot write the device of /boot, ${device:-which is unknown}" ;;
  esac
}

# The menu entry that boots the system $1, as the boot loader is told. Empty if there is none.
entry_of() {
  case "$(boot_loader)" in
    systemd-boot)
      grep -l "^options[[:space:]].*init=$1/init\([[:space:]]\|$\)" "$(bootctl --print-boot-path)"/loader/entries/*.conf |
        # With boot counting a file's name has a counter, and the entry's has not.
        sed -n '$s|.*/||; $s/+[0-9-]*\.conf$/.conf/; $p' ;;
    GRUB)
      # Titles from the outer menu to the entry with > between them, and >> for a > in one (GRUB, grub-core/normal/menu.c). What begins
      # with a > or a digit would be read otherwise, so its place in its menu stands for it.
      awk -v init=" init=$1/init " '
        /^[[:space:]]*#/ { next }
        /\{[[:space:]]*$/ { name[++depth] = ""; entries[depth + 1] = 0 }
        /^[[:space:]]*(menuentry|submenu) *"/ {
          split($0, part, "\"")
          name[depth] = part[2]
          gsub(/>/, ">>", name[depth])
          if (part[2] !~ /^[A-Za-z]/) name[depth] = entries[depth] + 0
          entries[depth]++
        }
        index(" " $0 " ", init) {
          path = name[1]
          for (at = 2; at <= depth; at++) path = path ">" name[at]
          print path
          exit
        }
        /^[[:space:]]*\}[[:space:]]*$/ { depth-- }' "$grub/grub.cfg" ;;
  esac
}

# The next boot is of the system $1, and no other.
boot_once() {
  entry=$(entry_of "$1")
  [ -n "$entry" ] || return 1
  case "$(boot_loader)" in
    systemd-boot) bootctl set-oneshot "$entry" ;;
    GRUB) grub-editenv "$grub/grubenv" set "next_entry=$entry" ;;
  esac
  [ "$(once)" = "$entry" ]
}
# The entry that the next boot is of, if it is not the default.
once() {
  case "$(boot_loader)" in
    # Four bytes of attributes, then UTF-16.
    systemd-boot) tail -c +5 "$oneshot" 2>/dev/null | tr -d '\000' ;;
    GRUB) grub-editenv "$grub/grubenv" list 2>/dev/null | sed -n 's/^next_entry=//p' ;;
  esac
}
# The next boot is of the default.
forget_once() {
  [ -n "$(once)" ] || return 0
  case "$(boot_loader)" in
    systemd-boot) bootctl set-oneshot "" ;;
    GRUB) grub-editenv "$grub/grubenv" unset next_entry ;;
  esac
}
