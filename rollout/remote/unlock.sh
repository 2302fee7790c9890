# id: of the rollout that is over
lock=/run/k3s-rollout.lock
if [ -s "$lock" ] && [ "$(head -n 1 "$lock")" = "$id" ]; then rm -f "$lock"; fi
