# Fails where a restore aside has no room.
# aside: folder for it, which is removed then; bytes: of the snapshot; memory_mib: that has to be free
# The snapshot, K3s' copy of it, what is restored of it, and the copy that is tried, with K3s' own programs.
free=$(df --output=avail -k "$aside" | tail -n 1)
needed=$((bytes * 4 / 1024 + 512 * 1024))
if [ "$free" -lt "$needed" ]; then
  rm -rf "$aside"
  fail "the disk with $aside has $((free / 1024)) MiB left, and a restore aside needs $((needed / 1024))"
fi
memory=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo)
# A server took half a gigabyte; without that much the host's own programs would be killed.
if [ "$memory" -lt "$((memory_mib * 1024))" ]; then
  rm -rf "$aside"
  fail "there are $((memory / 1024)) MiB of memory left, and a restore aside needs $memory_mib"
fi
