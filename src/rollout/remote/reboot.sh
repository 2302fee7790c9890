# built: what is expected to boot
# boot_id: that of the boot to be ended; another one means that it was asked for before
acquire_lock
[ "$(cat /proc/sys/kernel/random/boot_id)" = "$boot_id" ] || return 0
[ "$(readlink -f "$profile")" = "$built" ] || fail "the boot default is not what was tested"
sync
systemctl reboot
