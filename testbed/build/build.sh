#!/usr/bin/env bash
# Builds real programs for the tests from Go modules, once for each version, into a cache outside of the checkout.
#
#   testbed/build/build.sh [MODULE…]          builds what is not there yet; all modules unless named
#   testbed/build/build.sh --folder MODULE    prints where the programs of a module are, or would be
#
# A module is a folder beside this file: the `tool` lines of its go.mod say which programs, go.sum holds them to what they
# were. The cache is $XDG_CACHE_HOME/proxmox-nixos-k3s/programs, below ~/.cache unless stated.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/proxmox-nixos-k3s/programs

stop() {
  echo "$1" >&2
  exit 1
}

# Another version is another folder.
folder_of() {
  [ -f "$here/$1/go.mod" ] || stop "$1 is not a module of testbed/build: $(echo $(modules))"
  local versions
  versions=$(cat "$here/$1/go.mod" "$here/$1/go.sum" | git hash-object --stdin)
  echo "$cache/$1-$(uname -sm | tr 'A-Z ' 'a-z-')-${versions:0:16}"
}

modules() { for file in "$here"/*/go.mod; do basename "$(dirname "$file")"; done; }

making=
# A folder is there whole or not at all, also where two build at once or one is interrupted.
trap 'rm -rf "$making"' EXIT

build() {
  local folder
  folder=$(folder_of "$1")
  if [ -d "$folder" ]; then return; fi
  command -v go >/dev/null ||
    stop "go is missing, which builds testbed/build/$1: install Go $(sed -n 's/^go //p' "$here/$1/go.mod") or later"
  echo "building $1 from its Go modules: minutes on a new machine, seconds where Go has built it before"
  mkdir -p "$cache"
  making=$(mktemp -d "$cache/.making-XXXXXX")
  (cd "$here/$1" && go build -o "$making/" tool) || stop "testbed/build/$1 was not built"
  chmod 755 "$making"
  if [ ! -d "$folder" ]; then mv "$making" "$folder"; fi
}

if [ "${1:-}" = --folder ]; then
  folder_of "${2:?MODULE}"
else
  [ $# -gt 0 ] || set -- $(modules)
  for module in "$@"; do build "$module"; done
fi
