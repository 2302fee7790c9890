# Restores a snapshot into a folder aside, and reports what a server says that is started on a copy of it. Both run in network, mount
# and process namespaces of their own, so that K3s of the host may run meanwhile, and nothing of them stays when this ends.
# aside: folder that has the snapshot; token: of the snapshot's time, never passed as an argument
# program: text of try-aside.sh, with its variables; namespaces: more options of unshare. @default none
rm -rf "$aside/server" "$aside/trial"
mkdir -p "$aside/server"
# In an empty folder K3s looks for the token only here, or in an argument, which everyone could read (k3s, pkg/cli/server/server.go).
printf '%s\n' "$token" >"$aside/server/token"
printf '%s\n' "$token" >"$aside/token"
printf '%s\n' "$program" >"$aside/program"
status=0
# shellcheck disable=SC2086 # several words, or none
unshare ${namespaces:-} --mount --net --pid --fork --kill-child --mount-proc sh "$aside/program" 9>&- || status=$?
rm -rf "$aside/trial" "$aside/program" "$aside/token" "$aside/data" "$aside/agent"
return "$status"
