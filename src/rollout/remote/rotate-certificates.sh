# Renews K3s' certificates. It makes new ones when it starts, and must not run meanwhile (docs.k3s.io/cli/certificate).
acquire_lock
include stop-k3s
said=$(k3s certificate rotate 2>&1) || fail "k3s certificate rotate: $(printf '%s' "$said" | tail -n 3 | tr '\n' ' ')"
report rotated yes
