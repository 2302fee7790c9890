# Starts K3s, or starts it again, without waiting until it serves.
acquire_lock
systemctl restart --no-block k3s.service
