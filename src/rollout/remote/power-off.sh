# K3s first, so that no pod is served any more while the machine goes down. It starts with the machine.
alone
systemctl stop k3s.service
say k3s stopped
sync
systemctl poweroff
