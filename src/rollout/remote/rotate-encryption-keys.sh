# Makes a new key, encrypts every Secret with it, and removes the old one (docs.k3s.io/cli/secrets-encrypt).
acquire_lock
said=$(k3s secrets-encrypt rotate-keys 2>&1) || fail "k3s secrets-encrypt rotate-keys: $(printf '%s' "$said" | tail -n 3 | tr '\n' ' ')"
report rotated yes
