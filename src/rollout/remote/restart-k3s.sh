# Restarts K3s, and does not wait until it has started.
acquire_lock
include stop-k3s
report restarted yes
