# Says how many bytes the archive of a volume has. tar does not read the content of files where it writes to /dev/null.
# path, storage: see volume-place.sh
include volume-place
include volume-archive
[ -d "$path" ] || fail "$path is not there: has its claim ever been used?"
cd "$path"
said=$(archive --totals --file=/dev/null 2>&1) || fail "$(printf '%s\n' "$said" | tail -n 1 | cut -c 1-300)"
report bytes "$(printf '%s\n' "$said" | sed -n 's/^Total bytes written: \([0-9]*\) .*/\1/p')"
