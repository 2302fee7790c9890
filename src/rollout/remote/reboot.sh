# default: expected boot default
# boot_id: current boot ID; a different one means that the host has already rebooted
acquire_lock
[ "$(cat /proc/sys/kernel/random/boot_id)" = "$boot_id" ] || return 0
[ "$(readlink -f "$profile")" = "$default" ] || fail "the boot default is not what was tested"
sync
systemctl reboot
