# Reads the path of a snapshot, and writes its bytes. Takes no lock: it changes nothing.
IFS= read -r path
exec cat "$path"
