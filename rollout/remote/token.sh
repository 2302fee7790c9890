# token: never an argument of a program, which everyone could read
# path: where K3s looks for it
# install: whether a missing one is put there
password() { sed 's/^K10[0-9a-f]*::\([^:]*:\)\{0,1\}//' | tr -d '[:space:]'; }
ours=$(printf '%s' "$token" | password)
same() { [ "$(password <"$1")" = "$ours" ]; }

# A server keeps its token beside its data, which is encrypted with it.
kept=/var/lib/rancher/k3s/server/token
if [ -s "$kept" ] && ! same "$kept"; then say token different; return 0; fi
if [ -s "$path" ]; then
  if same "$path"; then say token same; else say token different; fi
  return 0
fi
if [ "$install" != yes ]; then say token missing; return 0; fi
alone
mkdir -p "${path%/*}"
new=$(mktemp "${path%/*}/.token.XXXXXX")
printf '%s\n' "$token" >"$new"
chmod 0400 "$new"
mv "$new" "$path"
say token installed
