# Makes room for a snapshot that comes next, without anything that an earlier command left.
# aside: folder for it, on the disk of K3s' data; file: its name; bytes; sha256; memory_mib: that has to be free
acquire_lock
rm -rf "$aside"
mkdir -p "$aside"
# The snapshot, K3s' copy of it, what is restored of it, and the copy that is tried, with K3s' own programs.
free=$(df --output=avail -k "$aside" | tail -n 1)
needed=$((bytes * 4 / 1024 + 512 * 1024))
if [ "$free" -lt "$needed" ]; then
  rm -rf "$aside"
  fail "the disk with K3s' data has $((free / 1024)) MiB left, and a restore aside needs $((needed / 1024))"
fi
memory=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo)
# A server took half a gigabyte; without that much the host's own programs would be killed.
if [ "$memory" -lt "$((memory_mib * 1024))" ]; then
  rm -rf "$aside"
  fail "there are $((memory / 1024)) MiB of memory left, and a restore aside needs $memory_mib"
fi
printf '%s\n%s\n%s\n' "$aside" "$file" "$sha256" >"$home/offered-snapshot"
