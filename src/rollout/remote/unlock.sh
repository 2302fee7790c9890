# id: of the rollout that is over
if [ -s "$lock" ] && [ "$(head -n 1 "$lock")" = "$id" ]; then rm -f "$lock"; fi
