# commands: kubectl commands, one per line; input: standard input of each
# Runs the commands until one fails, and then reports whether this server's API is ready.
stderr=$(mktemp)
trap 'rm -f "$stderr"' EXIT
# Read the list on another descriptor, so that no command can consume it.
while IFS= read -r command <&3; do
  status=0
  output=$(printf '%s' "$input" | eval "k3s kubectl $command" 2>"$stderr") || status=$?
  if [ "$status" != 0 ]; then
    report status "$status"
    report stderr "$(base64 -w0 <"$stderr")"
    # /readyz includes etcd: without a quorum no server is ready.
    if k3s kubectl get --raw=/readyz --request-timeout=5s >/dev/null 2>&1; then report api ready; fi
    return 0
  fi
  report output "$(printf '%s' "$output" | base64 -w0)"
done 3<<COMMANDS
$commands
COMMANDS
