# Stops K3s. leave: yes: moves etcd's data aside, so that K3s joins as a new member when it starts; server_data: folder of the server's data
acquire_lock
systemctl stop k3s.service
case "$(unit k3s.service ActiveState)" in inactive | failed) ;; *) fail "K3s does not stop" ;; esac
# Only that of etcd, since the folder above may be a disk of its own, and has local snapshots.
if [ "$leave" = yes ] && [ -d "$server_data/db/etcd" ]; then
  former=$server_data/db/etcd.$(date -u +%Y-%m-%dT%H-%M-%SZ)
  mv -T "$server_data/db/etcd" "$former"
  sync -f "$server_data/db"
  report former "$former"
fi
