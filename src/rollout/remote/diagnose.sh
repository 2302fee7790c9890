# The last log lines of what did not start, the most useful first.
said=$(journalctl -n 200 --no-pager -o cat "_SYSTEMD_INVOCATION_ID=$(unit "$activate.service" InvocationID)" 2>/dev/null || true)
# From the line in which switch-to-configuration names the failed units; their status follows.
named=$(printf '%s\n' "$said" | sed -n '/units failed: /,$p')
if [ -n "$named" ]; then printf '%s\n' "$named" | head -n 12; else printf '%s\n' "$said" | tail -n 6; fi
if [ "$(unit k3s.service ActiveState)" != active ]; then journalctl -u k3s.service -n 6 --no-pager -o cat 2>/dev/null || true; fi
