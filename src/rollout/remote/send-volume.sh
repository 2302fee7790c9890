# Reads the path of a volume and the provisioner's folder, a line each (see volume-place.sh), and writes the volume's archive. It
# reports on standard error. Takes no lock: it changes nothing.
exec 3>&1 1>&2
IFS= read -r path
IFS= read -r storage
include volume-place
include volume-archive
[ -d "$path" ] || fail "$path is not there any more"
cd "$path"
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
# What is sent is what is hashed. Its reader may be gone: then it ends.
sha256=$(
  {
    trap - PIPE
    { archive --file=- 2>"$said/words" || echo "$?" >"$said/status"; } | tee /proc/self/fd/4 >&3
  } 4>&1 | sha256sum | cut -d' ' -f1
)
# Status 1 of tar: a file is not as it was when its copy began.
case "$(cat "$said/status" 2>/dev/null || echo 0)" in
  0) ;;
  1) fail "somebody writes to the volume: $(tail -n 1 "$said/words" | cut -c 1-300)" ;;
  *) fail "$(tail -n 1 "$said/words" | cut -c 1-300)" ;;
esac
report sha256 "$sha256"
