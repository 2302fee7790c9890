# Reads store paths, one a line, and writes them as `nix-store --import` reads them. Takes no lock: another build may be running.
# A name in the store may contain a question mark.
set -f
# shellcheck disable=SC2046 # each is a word
nix-store --export $(cat)
