# K3s first, so that no pod is served any more while the machine goes down. It starts with the machine.
acquire_lock
systemctl stop k3s.service
report k3s stopped
sync
systemctl poweroff
