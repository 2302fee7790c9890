# Last words of what did not start.
systemctl status --no-pager --lines=0 "$activate.service" 2>/dev/null | tail -n 5 || true
journalctl -u "$activate.service" -n 15 --no-pager -o cat 2>/dev/null || true
journalctl -u k3s.service -n 15 --no-pager -o cat 2>/dev/null || true
