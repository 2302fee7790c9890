# snapshot: file name of a snapshot that this rollout had taken, and has copied
acquire_lock
said=$(k3s etcd-snapshot delete "$snapshot" 2>&1 9>&-) ||
  fail "K3s did not delete it: $(printf '%s\n' "$said" | tail -n 1 | cut -c 1-300)"
