# Restores a snapshot aside on the operator's own machine: see aside.sh. It takes no lock, since it changes nothing but its folder.
# aside: folder, new and empty; path: of the snapshot; snapshot: its name there; memory_mib: see room-aside.sh; k3s: path of the program
# operator: process of the operator, without which all of this ends; others: see aside.sh
bytes=$(stat -c %s "$path")
include room-aside
group=$(ps -o pgid= -p "$$" | tr -d ' ')
# In a session of its own, so that it outlives what it ends. What was killed may still be ending, and writes until then.
# shellcheck disable=SC2016 # of that shell
setsid sh -c 'while kill -0 "$1" && kill -0 "-$2"; do sleep 0.5; done; kill -KILL "-$2"
  for _ in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$3"; sleep 0.5; [ -e "$3" ] || break; done' sh "$operator" "$group" "$aside" \
  >/dev/null 2>&1 &
watch=$!
cp "$path" "$aside/$snapshot"
mkdir "$aside/bin"
ln -s "$k3s" "$aside/bin/k3s"
tried() {
include aside
}
status=0
tried || status=$?
# Before the watcher ends: the comparison with the cluster, which comes next, takes minutes and needs none of it.
rm -rf "$aside"
kill "$watch" 2>/dev/null || true
return "$status"
