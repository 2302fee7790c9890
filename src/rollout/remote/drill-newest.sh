# Proves that the newest snapshot on this server restores, without an operator: the emitted drill.sh is this program, with its variables.
# It changes nothing but its own folder and takes no lock, so that a rollout can go on meanwhile. Its unit removes what is aside.
# folder: of its results; snapshots: folder of K3s' snapshots; token_file: of the servers; node: name of this server
# memory_mib: see room-aside.sh; program: text of try-aside.sh, which gets `salt` and `snapshot` from the environment
aside=$folder/aside
begun=$(date +%s)
name=
taken=0
rto=0

# $1: how it ended, by name; $2: why
record() {
  # A file may have any name, and who reads the record takes only some characters.
  shown=$(printf '%s' "$name" | tr -c 'A-Za-z0-9._-' _ | cut -c 1-253)
  printf 'begun %s\nsnapshot %s\ntaken %s\nrto %s\nresult %s\nreason %s\n' "$begun" "$shown" "$taken" "$rto" "$1" "$2" >"$folder/last.new"
  mv "$folder/last.new" "$folder/last"
}
failed() {
  record "$1" "$2"
  printf '%s: %s\n' "$1" "$2" >&2
  exit 1
}
reported() { printf '%s\n' "$said" | sed -n "s/^@$1 //p"; }
# Runs a function, with what it reports in `said`. $1: how the drill ends if it fails, by name
attempt() {
  set +e
  said=$(set -e; "$2")
  status=$?
  set -e
  [ "$status" = 0 ] || failed "$1" "$(reported error | tail -n 1)"
}
room() {
include room-aside
}
restored() {
include aside
}
cluster() {
# An API that hangs, once for each question.
k3s() { timeout 60 k3s "$@"; }
include objects
}

# Where somebody has removed the folder, which the unit makes again.
[ -e "$folder/since" ] || : >"$folder/since"
rm -rf "$aside"
mkdir -p "$aside"
# Whatever ends this program without a word, this is what is known of it.
unfinished='it was ended, or the host went down'
record unfinished "$unfinished"

newest=$(find "$snapshots" -maxdepth 1 -type f -size +0 ! -name '*.part' -printf '%T@ %f\n' 2>/dev/null | sort -n | tail -n 1)
[ -n "$newest" ] || failed no-snapshot "there is none in $snapshots"
taken=${newest%%.*}
name=${newest#* }
path=$snapshots/$name
record unfinished "$unfinished"
# K3s removes old ones.
bytes=$(stat -c %s "$path" 2>/dev/null) || failed no-snapshot "it is gone"
# K3s knows a compressed one by its name.
case "$name" in *.zip) snapshot=snapshot.zip ;; *) snapshot=snapshot ;; esac
salt=$(cat /proc/sys/kernel/random/uuid)
export salt snapshot
token=$(cat "$token_file" 2>/dev/null) || failed no-token "$token_file cannot be read"

attempt no-room room
said=$(cp "$path" "$aside/$snapshot" 2>&1) || failed no-snapshot "it cannot be copied: $said"
attempt not-restored restored
rto=$(($(reported restored_seconds) + $(reported ready_seconds)))
# K3s says of an empty cluster, too, that it has restored it.
reported object | grep "^Node  $node " >/dev/null || failed not-restored "the restored cluster has no node $node"
uid=$(reported uid)
tried=$said

# Not compared where the API does not answer: the snapshot restores nevertheless.
record succeeded ''
set +e
said=$(cluster 2>/dev/null)
set -e
now=$(reported uid)
if [ -n "$now" ]; then
  [ "$uid" = "$now" ] || failed other-cluster 'its namespace kube-system has another UID'
  # At the same revision a secret has the same content, or one of both servers does not decrypt it.
  other=$(printf '%s\n' "$tried" -- "$said" | awk '
    $1 == "--" { live = 1 }
    $1 == "@secret" && !live { hash[$2 " " $3] = $4 }
    $1 == "@secret" && live && ($2 " " $3) in hash && hash[$2 " " $3] != $4 { print $2; exit }')
  [ -z "$other" ] || failed other-content "the secret $other has other content than in the cluster, at the same revision"
fi
cp "$folder/last" "$folder/success.new"
mv "$folder/success.new" "$folder/success"
printf '%s restores, within %s s\n' "$name" "$rto"
