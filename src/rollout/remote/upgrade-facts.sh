# Reads what only an upgrade has to know, and changes nothing. server: yes on a server
report kernel "$(uname -r)"
[ "$server" = yes ] || return 0
# K3s' etcd serves its metrics here, without TLS (k3s, pkg/etcd/etcd.go, listen-metrics-urls).
report etcd "$(curl -s --max-time 10 http://127.0.0.1:2381/metrics | sed -n 's/^etcd_server_version{server_version="\([0-9.]*\)"}.*/\1/p' | head -n 1)"
metrics=$(mktemp)
trap 'rm -f "$metrics"' EXIT
# Megabytes, of which an upgrade needs a few lines.
if k3s kubectl get --raw=/metrics --request-timeout=20s >"$metrics" 2>/dev/null; then
  report api yes
  sed -n '/^apiserver_requested_deprecated_apis{/p' "$metrics" | head -n 500 | while IFS= read -r line; do report deprecated "$line"; done
fi
