# token: never pass it as an argument of a program, which everyone could read
# path: where K3s looks for it; keep: `yes` keeps the old one beside it; restart: `yes` restarts K3s with it
acquire_lock
# Remove the rest of a delivery that a reset of this host interrupted.
rm -f "${path%/*}"/.token.*
[ ! -L "$path" ] || fail "$path is a link, so another program puts the token there"
mkdir -p "${path%/*}"
new=$(mktemp "${path%/*}/.token.XXXXXX")
printf '%s\n' "$token" >"$new"
chmod 0400 "$new"
if [ "$keep" = yes ] && [ -s "$path" ]; then
  chmod 0400 "$path"
  ln -f "$path" "$path.until-$(date -u +%Y-%m-%dT%H-%M-%SZ)"
fi
if [ "$restart" = yes ]; then
include stop-k3s
fi
mv "$new" "$path"
sync -f "$path"
report token replaced
