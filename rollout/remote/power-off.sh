# K3s does not start again, should somebody turn the machine on.
alone
systemctl stop k3s.service
sync
systemctl poweroff
