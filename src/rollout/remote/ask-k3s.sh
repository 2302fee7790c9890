# ask METHOD PATH USER PASSWORD [BODY]: asks K3s on this server, and prints the HTTP status, or 000 without an answer. curl reads
# all of it from standard input, since everyone could read an argument.
quoted() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }
ask() {
  {
    printf 'url = "https://127.0.0.1:6443/v1-k3s/%s"\nrequest = "%s"\n' "$2" "$1"
    printf 'user = "%s:%s"\n' "$3" "$(quoted "$4")"
    [ -z "${5:-}" ] || printf 'data-raw = "%s"\n' "$(quoted "$5")"
  } | curl -s --cacert /var/lib/rancher/k3s/server/tls/server-ca.crt --max-time 30 -o /dev/null -w '%{http_code}' --config - || true
}
