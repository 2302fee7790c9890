# Makes room for a snapshot that comes next, without anything that an earlier command left.
# aside: folder for it, on the disk of K3s' data; file: its name; bytes; sha256; memory_mib: that has to be free
acquire_lock
rm -rf "$aside"
mkdir -p "$aside"
include room-aside
printf '%s\n%s\n%s\n' "$aside" "$file" "$sha256" >"$home/offered-snapshot"
