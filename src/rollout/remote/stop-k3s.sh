# Stops K3s until the program ends, however it ends. Pods go on: K3s' unit kills its own process only (KillMode=process).
trap 'systemctl start --no-block k3s.service' EXIT
systemctl stop k3s.service
