# Runs in the namespaces of restore-aside.sh.
# aside: folder; snapshot: file name in it; flags: of `k3s server`, one a line; interface, address: of the server's node
# reset_seconds, start_seconds: how long each may take; salt: see objects.sh
ip link set lo up
# K3s looks for the node's address and for a default route.
ip link add "$interface" type bridge
ip address add "$address" dev "$interface"
ip link set "$interface" up
ip route add default dev "$interface"
set -f
IFS='
'
# shellcheck disable=SC2086 # one a line
set -- $flags
unset IFS

# Why K3s ended, in its own words. $1: its log
why() { sed -n 's/.*level=\(fatal\|error\) msg="\(.*\)"$/\2/p' "$1" | tail -n 1 | cut -c 1-300; }

begin=$(uptime_seconds)
status=0
timeout --kill-after=10 "$reset_seconds" k3s server "$@" --data-dir="$aside" --token-file="$aside/token" --cluster-reset \
  --cluster-reset-restore-path="$aside/$snapshot" >"$aside/reset.log" 2>&1 || status=$?
[ "$status" = 0 ] || fail "K3s does not restore the snapshot (it ended with $status): $(why "$aside/reset.log")"
# Its exit status and its words are the same when it has restored nothing.
[ -s "$aside/server/db/etcd/member/snap/db" ] || fail "K3s says that it has restored the snapshot, but there is no etcd in its folder"
report restored_seconds "$(($(uptime_seconds) - begin))"

# On a copy: what was restored stays as it was in the snapshot.
mkdir "$aside/trial"
cp -a "$aside/server" "$aside/trial/server"
begin=$(uptime_seconds)
export KUBECONFIG="$aside/trial/kubeconfig"
k3s server "$@" --data-dir="$aside/trial" --token-file="$aside/token" --write-kubeconfig="$KUBECONFIG" >"$aside/start.log" 2>&1 &
server=$!
until [ -s "$KUBECONFIG" ] && [ "$(k3s kubectl get --raw=/readyz --request-timeout=5s 2>/dev/null)" = ok ]; do
  kill -0 "$server" 2>/dev/null || fail "the restored server has ended: $(why "$aside/start.log")"
  [ $(($(uptime_seconds) - begin)) -lt "$start_seconds" ] ||
    fail "the restored server does not answer after $start_seconds s: $(why "$aside/start.log")"
  sleep 0.5
done
report ready_seconds "$(($(uptime_seconds) - begin))"
include objects
kill "$server"
