# built: what is expected to boot
alone
[ "$(readlink -f "$profile")" = "$built" ] || fail "the boot default is not what was tested"
say boot_id "$(cat /proc/sys/kernel/random/boot_id)"
sync
systemctl reboot
