# token: never an argument of a program, which everyone could read
# path: where K3s looks for it; what is there stays
acquire_lock
# Of a delivery that a reset of this host cut off.
rm -f "${path%/*}"/.token.*
if [ -s "$path" ]; then report token there; return 0; fi
mkdir -p "${path%/*}"
new=$(mktemp "${path%/*}/.token.XXXXXX")
printf '%s\n' "$token" >"$new"
chmod 0400 "$new"
mv "$new" "$path"
report token installed
