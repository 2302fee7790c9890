# Prepares for the archive of a volume that comes next.
# path, storage: see volume-place.sh; bytes, sha256: of the archive
acquire_lock
mkdir -p "$storage"
include volume-place
rm -rf "$path.restoring"
free=$(df --output=avail -k "$storage" | tail -n 1)
[ "$free" -gt "$((bytes / 1024))" ] ||
  fail "the disk with $storage has $((free / 1024)) MiB left, and the volume takes $((bytes / 1024 / 1024)), beside what is there now"
printf '%s\n%s\n%s\n' "$path" "$storage" "$sha256" >"$home/offered-volume"
