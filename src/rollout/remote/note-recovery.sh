# Keeps how far a recovery is, on the server that is restored first. note: on one line; empty when it has ended
acquire_lock
if [ -n "$note" ]; then
  printf '%s\n' "$note" >"$home/recovery.new"
  mv "$home/recovery.new" "$home/recovery"
else
  rm -f "$home/recovery"
fi
sync -f "$home"
