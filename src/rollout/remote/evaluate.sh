# Says which versions this machine would build, without a build: it downloads nixpkgs at most.
# expression: in Nix; tarball: URL of the nixpkgs of a channel, empty for the pinned one; builds: folder of builds for other hosts,
# empty for this host's own; else as build-options.sh
[ -z "$builds" ] || home=$builds
acquire_lock
staging=$home/staging
mkdir -p "$home"
cd "$home"
include build-options
if [ -n "$tarball" ]; then set -- -I "nixpkgs=$tarball" "$@"; fi
nix-instantiate --eval --strict --json "$@" --expr "$expression" >versions.json 2>versions.log 9>&- ||
  fail "nixpkgs cannot be evaluated: $(tail -n 3 versions.log | cut -c 1-300)"
report_file versions versions.json
