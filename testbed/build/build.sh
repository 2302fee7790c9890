#!/usr/bin/env bash
# Fetches real programs for the tests, once for each version, into a cache outside of the checkout: most are built from Go
# modules, Node comes from the npm registry.
#
#   testbed/build/build.sh [MODULE…]          builds what is missing; all modules unless named
#   testbed/build/build.sh --folder MODULE    prints where the programs of a module are, or would be
#
# A module is a folder next to this file. The `tool` lines of its go.mod name the programs, a comment `build tags:` there what to leave
# out of them, and go.sum pins them; or its package.json and package-lock.json do. The cache is $XDG_CACHE_HOME/proxmox-nixos-k3s/programs, below ~/.cache unless stated.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/proxmox-nixos-k3s/programs

stop() {
  echo "$1" >&2
  exit 1
}

# Each version has its own folder.
folder_of() {
  local versions
  case $(manifest_of "$1") in
    go.mod) versions=$(cat "$here/$1/go.mod" "$here/$1/go.sum" | git hash-object --stdin) ;;
    package.json) versions=$(cat "$here/$1/package.json" "$here/$1/package-lock.json" | git hash-object --stdin) ;;
    *) stop "$1 is not a module of testbed/build: $(echo $(modules))" ;;
  esac
  echo "$cache/$1-$(uname -sm | tr 'A-Z ' 'a-z-')-${versions:0:16}"
}

manifest_of() {
  for name in go.mod package.json; do
    if [ -f "$here/$1/$name" ]; then echo "$name"; fi
  done
}

modules() {
  for folder in "$here"/*/; do
    if [ -n "$(manifest_of "$(basename "$folder")")" ]; then basename "$folder"; fi
  done
}

making=
# A folder is complete or missing, even when two builds run at once or one is interrupted.
trap 'rm -rf "$making"' EXIT

need_go() {
  command -v go >/dev/null ||
    stop "go is missing, which builds testbed/build/$1: install Go $(sed -n 's/^go //p' "$here/$1/go.mod") or later"
}

by_go() {
  echo "building $1 from its Go modules: minutes on a new machine, seconds where Go has built it before"
  # Nobody debugs them, and what a debugger needs takes a tenth of the time.
  (cd "$here/$1" && go build -o "$making/" -ldflags=-w -gcflags=all=-dwarf=false -tags="$(sed -n 's,^// build tags: ,,p' go.mod)" tool)
}

need_npm() { command -v npm >/dev/null || stop "npm is missing, which fetches testbed/build/$1"; }

# Without scripts: the packages contain the programs.
by_npm() {
  echo "fetching $1 from the npm registry"
  cp "$here/$1/package.json" "$here/$1/package-lock.json" "$making/" &&
    (cd "$making" && npm ci --ignore-scripts --no-bin-links --no-audit --no-fund --loglevel=error)
}

build() {
  local folder
  folder=$(folder_of "$1")
  if [ -d "$folder" ]; then return; fi
  local program=npm
  if [ "$(manifest_of "$1")" = go.mod ]; then program=go; fi
  "need_$program" "$1"
  mkdir -p "$cache"
  making=$(mktemp -d "$cache/.making-XXXXXX")
  "by_$program" "$1" || stop "testbed/build/$1 was not built"
  chmod 755 "$making"
  if [ ! -d "$folder" ]; then mv "$making" "$folder"; fi
}

if [ "${1:-}" = --folder ]; then
  folder_of "${2:?MODULE}"
else
  [ $# -gt 0 ] || set -- $(modules)
  for module in "$@"; do build "$module"; done
fi
