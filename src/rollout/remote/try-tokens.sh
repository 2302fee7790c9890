# Reads, and changes nothing.
# token_file: the servers' token; agent_token_file: the agents', which may be the same file
# Whether K3s on this server admits who joins with the tokens in these files, and with the newest of the old ones beside them. A
# joining server asks as `server`, an agent as `node` (k3s, pkg/server/handlers/router.go).
include ask-k3s
try() { # name, file, user, path
  [ -s "$2" ] || return 0
  case "$(ask GET "$4" "$3" "$(password <"$2")")" in
    401 | 403) report "$1" refused ;;
    000) report "$1" silent ;;
    *) report "$1" admitted ;;
  esac
}
try server "$token_file" server encrypt/status
try node "$agent_token_file" node server-ca.crt
old=$(newest_of "$token_file")
[ -z "$old" ] || cmp -s "$old" "$token_file" || try old_server "$old" server encrypt/status
old=$(newest_of "$agent_token_file")
[ -z "$old" ] || cmp -s "$old" "$agent_token_file" || try old_node "$old" node server-ca.crt
