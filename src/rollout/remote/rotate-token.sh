# body: the request with the new token; never pass it as an argument of a program, which everyone could read
# token_file: the servers' token
# Asks as `k3s token rotate` does, which takes the new token as an argument only (k3s, pkg/cli/token/token.go).
acquire_lock
include ask-k3s
kept=/var/lib/rancher/k3s/server/token
[ -s "$kept" ] || fail "it has no $kept: has K3s started?"
# K3s replaces its copy at once, but asks for the old one until it restarts, which an interrupted rotation left to this one. Then
# that one is still in its file, or beside it.
old=$(newest_of "$token_file")
for file in "$kept" "$token_file" "$old"; do
  [ -s "$file" ] || continue
  status=$(ask PUT token server "$(password <"$file")" "$body")
  [ "$status" = 401 ] || break
done
[ "$status" = 200 ] || fail "K3s did not take the new token (HTTP status $status): journalctl -u k3s on it says why"
# As `k3s token rotate` waits: the other servers have to know it.
sleep 1
report token rotated
