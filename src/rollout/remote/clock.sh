report seconds "$(date -u +%s)"
