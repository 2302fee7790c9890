# Sets "$@" to options of a build, and the configuration that it builds.
# staging: folder of the configuration; caches, cache_keys: binary caches and their keys, with spaces between them
# revision: of nixpkgs, empty to build from the host's channel; archive: its URL; hash: of its tree, as SRI; pin: the command that
# writes it
set --
# Not `-I nixpkgs=<URL>`, whose content Nix would not check. What is in the store already is not downloaded again
# (Nix, src/nix/prefetch.cc). `source` is the name that fetchTarball and flakes give it, so that all share one path.
if [ -n "$revision" ]; then
  report building "downloading nixpkgs $revision"
  nix-prefetch-url --unpack --print-path --name source "$archive" "$hash" >nixpkgs.path 2>nixpkgs.log 9>&- ||
    fail "nixpkgs $revision cannot be had from $archive: $(tail -n 1 nixpkgs.log | cut -c 1-300). Make the host reach it, and compare rev and hash with what $pin writes"
  nixpkgs=$(tail -n 1 nixpkgs.path)
  # The garbage collector leaves it, so that the next build downloads nothing.
  nix-store --realise "$nixpkgs" --add-root "$home/nixpkgs" >/dev/null 9>&-
  set -- -I "nixpkgs=$nixpkgs"
else
  rm -f "$home/nixpkgs"
fi
# The running system knows only those of an earlier build.
if [ -n "$caches" ]; then
  set -- "$@" --option extra-substituters "$caches" --option extra-trusted-public-keys "$cache_keys"
fi
# Set it, since NIXOS_CONFIG in the host's environment would override `-I` (nixos/default.nix).
export NIXOS_CONFIG="$staging/configuration.nix"
set -- -I "nixos-config=$NIXOS_CONFIG" "$@"
