# owner: who asks, on one line; id: ID of this rollout; dead: ID of a rollout that is known to have ended, or empty
# boot: boot ID when this rollout took the lock, to renew it; empty to take it
# A rollout that has not renewed its lock for a minute has ended.
exec 8>"$lock.turn"
flock -w 10 8 || fail "the lock at $lock does not answer"
now=$(uptime_seconds)
boot_id=$(cat /proc/sys/kernel/random/boot_id)
if [ -s "$lock" ]; then
  { read -r holder; read -r since; read -r heard; read -r who; } <"$lock"
  if [ "$holder" != "$id" ] && [ "$holder" != "$dead" ] && [ $((now - heard)) -lt 60 ]; then
    report held "$who"
    report held_id "$holder"
    report held_for "$((now - since))"
    report heard "$((now - heard))"
    return 0
  fi
  [ "$holder" = "$id" ] || since=$now
elif [ "$boot" = "$boot_id" ]; then
  # No reboot removed it, so it was released, and this renewal is late.
  report gone yes
  return 0
else
  since=$now
fi
printf '%s\n%s\n%s\n%s\n' "$id" "$since" "$now" "$owner" >"$lock.new"
mv "$lock.new" "$lock"
report boot "$boot_id"
report taken yes
