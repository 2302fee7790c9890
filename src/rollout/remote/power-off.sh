# Stop K3s first, so that no pod runs while the machine shuts down. K3s starts again when the machine does.
acquire_lock
systemctl stop k3s.service
report k3s stopped
sync
systemctl poweroff
