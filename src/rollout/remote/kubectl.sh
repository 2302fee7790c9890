# input: what each of them reads
# Runs commands of kubectl, one a line, up to one that fails; then it says whether this server's API answers at all.
stderr=$(mktemp)
trap 'rm -f "$stderr"' EXIT
# By another descriptor, so that no command reads the list.
while IFS= read -r command <&3; do
  status=0
  output=$(printf '%s' "$input" | eval "k3s kubectl $command" 2>"$stderr") || status=$?
  if [ "$status" != 0 ]; then
    report status "$status"
    report stderr "$(base64 -w0 <"$stderr")"
    # With its etcd: of the servers that are left without a quorum none is ready.
    if k3s kubectl get --raw=/readyz --request-timeout=5s >/dev/null 2>&1; then report api ready; fi
    return 0
  fi
  report output "$(printf '%s' "$output" | base64 -w0)"
done 3<<COMMANDS
$commands
COMMANDS
