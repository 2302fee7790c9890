#!/bin/sh
# Stand-in for the k3s program on a server, around a real etcd, etcdutl, kube-apiserver and kubectl. What is K3s' own is as it was
# seen to be: which file the token is looked for in, exit statuses, words, and that an empty path resets to an empty cluster.
# Lines before this one, which the testbed writes: folder, etcd, etcdutl, apiserver, kubectl, token
fatal() { echo "time=\"$(date -u +%FT%TZ)\" level=fatal msg=\"$1\"" >&2; exit 1; }
command=$1
shift
if [ "$command" = kubectl ]; then
  export KUBECONFIG="${KUBECONFIG:-$folder/hosts/$hostname/kubeconfig}"
  exec "$kubectl" "$@"
fi
data= reset= path= kubeconfig=
for word; do
  case "$word" in
    --data-dir=*) data=${word#*=} ;;
    --token-file=*) given=${word#*=} ;;
    --cluster-reset) reset=yes ;;
    --cluster-reset-restore-path=*) path=${word#*=} ;;
    --write-kubeconfig=*) kubeconfig=${word#*=} ;;
  esac
done
etcd_data=$data/server/db/etcd
if [ "$reset" = yes ]; then
  if [ -n "$path" ]; then
    [ -e "$data/server/token" ] || fatal "$data/server/token does not exist, please pass --token to complete the restoration"
    [ -e "$path" ] || fatal "etcd: snapshot path does not exist: $path"
    mkdir -p "$data/server/db"
    "$etcdutl" snapshot restore "$path" --data-dir "$etcd_data" 2>&1 ||
      fatal "etcdutl does not restore it"
    [ "$(cat "$given")" = "$token" ] || fatal "bootstrap data already found and encrypted with different token"
  fi
  : >"$data/server/db/reset-flag"
  echo "Managed etcd cluster membership has been reset, restart without --cluster-reset flag now."
  exit 0
fi
rm -f "$data/server/db/reset-flag"
"$etcd" --data-dir="$etcd_data" --unsafe-no-fsync >"$data/etcd.log" 2>&1 &
printf '%s' "$kubeconfig_text" >"$kubeconfig"
exec "$apiserver" --etcd-servers=http://127.0.0.1:2379 --bind-address=127.0.0.1 --secure-port=6443 \
  --tls-cert-file="$folder/tls.crt" --tls-private-key-file="$folder/tls.key" --token-auth-file="$folder/tokens.csv" \
  --authorization-mode=RBAC --service-cluster-ip-range=10.43.0.0/16 --service-account-issuer=https://kubernetes.default.svc \
  --service-account-key-file="$folder/accounts.key" --service-account-signing-key-file="$folder/accounts.key" \
  --disable-admission-plugins=ServiceAccount
