# Gives this host the channel of a release, and its newest revision. channel: its URL
acquire_lock
[ "$(nix-channel --list | sed -n 's/^nixos //p')" = "$channel" ] || nix-channel --add "$channel" nixos
nix-channel --update nixos >"$home/channel.log" 2>&1 9>&- ||
  fail "the channel $channel cannot be had: $(tail -n 1 "$home/channel.log" | cut -c 1-300)"
