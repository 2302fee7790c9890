# Makes a new key, encrypts every Secret with it, and removes the old one (docs.k3s.io/cli/secrets-encrypt).
# key: name of the active key when the rotation was planned
acquire_lock
# One that outlived its connection may have made the new key while this one waited for the lock.
now=$(k3s secrets-encrypt status --output json 2>/dev/null | sed -n 's/.*"activekey": *"\([^"]*\)".*/\1/p')
if [ -n "$now" ] && [ "$now" != "$key" ]; then report rotated before; return 0; fi
said=$(k3s secrets-encrypt rotate-keys 2>&1) || fail "k3s secrets-encrypt rotate-keys: $(printf '%s' "$said" | tail -n 3 | tr '\n' ' ')"
report rotated yes
