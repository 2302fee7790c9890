# id: ID of the rollout that has ended
if [ -s "$lock" ] && [ "$(head -n 1 "$lock")" = "$id" ]; then rm -f "$lock"; fi
