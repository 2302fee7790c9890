# Has K3s take a snapshot of etcd, and says what it is. K3s reads its token from its data, so no argument has it.
# base: beginning of its name, to which K3s adds the node and the time; folder: of this server's snapshots
acquire_lock
said=$(k3s etcd-snapshot save --name "$base" 2>&1 9>&-) ||
  fail "K3s took no snapshot: $(printf '%s\n' "$said" | tail -n 1 | cut -c 1-300)"
set -- "$folder/$base"-*
[ -f "$1" ] || fail "K3s says that it took the snapshot $base, and $folder does not have it"
report snapshot "$1"
report bytes "$(stat -c %s "$1")"
report sha256 "$(sha256sum <"$1" | cut -d' ' -f1)"
