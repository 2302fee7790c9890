# Restores a snapshot aside on the operator's own machine: see aside.sh. It takes no lock, since it changes nothing but its folder.
# aside: folder, new and empty; path: of the snapshot; snapshot: its name there; memory_mib: see room-aside.sh; k3s: path of the program
# operator: process of the operator, without which all of this ends; others: see aside.sh
bytes=$(stat -c %s "$path")
include room-aside
cp "$path" "$aside/$snapshot"
mkdir "$aside/bin"
ln -s "$k3s" "$aside/bin/k3s"
group=$(ps -o pgid= -p "$$" | tr -d ' ')
# In a session of its own, so that it outlives what it ends.
# shellcheck disable=SC2016 # of that shell
setsid sh -c 'while kill -0 "$1" && kill -0 "-$2"; do sleep 0.5; done; kill -KILL "-$2"; rm -rf "$3"' sh "$operator" "$group" "$aside" \
  >/dev/null 2>&1 &
watch=$!
tried() {
include aside
}
status=0
tried || status=$?
kill "$watch" 2>/dev/null || true
return "$status"
