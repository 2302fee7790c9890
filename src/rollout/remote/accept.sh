# built: system that another machine has built for this host; target: hostname that it must have
acquire_lock
cd "$home"
nix-store --check-validity "$built" || fail "$built has not arrived"
# Protects it from garbage collection, as the link of an own build does.
nix-store --realise "$built" --add-root "$home/result" >/dev/null 9>&-
[ "$(cat "$built/etc/hostname" 2>/dev/null || true)" = "$target" ] || fail "$built is not a NixOS system of $target"
rm -f offered
include examine
