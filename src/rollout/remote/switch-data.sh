# Puts what was restored aside in the place of the server's data, which stays beside it. K3s does not run.
# aside: folder; server_data: the server's
acquire_lock
case "$(unit k3s.service ActiveState)" in inactive | failed) ;; *) fail "K3s runs again: somebody else has started it" ;; esac
restored=$aside/server
[ -s "$restored/db/etcd/member/snap/db" ] || fail "nothing restored is there any more: run the same command again"
stamp=$(date -u +%Y-%m-%dT%H-%M-%SZ)
mkdir -p "$server_data/db"
# To its disk, which may be etcd's own, before anything is replaced.
rm -rf "$server_data/db/etcd.new"
cp -a "$restored/db/etcd" "$server_data/db/etcd.new"
sync -f "$server_data/db"
# Certificates, keys and the token of the snapshot's time. Manifests stay: K3s writes its own at each start.
mkdir -p "$server_data.$stamp"
for path in "$restored"/*; do
  name=${path##*/}
  case "$name" in db | manifests | static) continue ;; esac
  if [ -e "$server_data/$name" ]; then
    mv --exchange -T "$path" "$server_data/$name"
    mv -T "$path" "$server_data.$stamp/$name"
  else
    mv -T "$path" "$server_data/$name"
  fi
done
# K3s' own sign that this member was reset (k3s, pkg/cluster/managed.go).
touch "$server_data/db/reset-flag"
# In one step: without etcd's data a server would start a new, empty cluster.
if [ -e "$server_data/db/etcd" ]; then
  mv --exchange -T "$server_data/db/etcd.new" "$server_data/db/etcd"
  mv -T "$server_data/db/etcd.new" "$server_data/db/etcd.$stamp"
  report former "$server_data/db/etcd.$stamp"
else
  mv -T "$server_data/db/etcd.new" "$server_data/db/etcd"
fi
report former "$server_data.$stamp"
sync -f "$server_data"
sync -f "$server_data/db"
rm -rf "$aside"
