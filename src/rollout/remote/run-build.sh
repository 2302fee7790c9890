# Runs "$@", and reports the last line of its output, whenever it is another one.
follow() {
  before=
  while sleep 2 && kill -0 $$; do
    line=$(tail -n 1 "$1" | cut -c 1-200)
    [ "$line" = "$before" ] || report building "$line"
    before=$line
  done
}
status=0
follow build.log 9>&- &
follower=$!
"$@" >build.log 2>&1 9>&- || status=$?
kill "$follower" || true
if [ "$status" != 0 ]; then
  tail -n 40 build.log
  exit 1
fi
