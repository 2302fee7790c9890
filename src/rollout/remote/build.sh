# Builds this host's system from its files: see stage-files.sh and build-options.sh.
acquire_lock
staging=$home/staging
include stage-files
cd "$home"
include build-options
# `--no-flake`: otherwise a flake in /etc/nixos would be built instead.
set -- nixos-rebuild build --no-flake "$@"
include run-build
built=$(readlink -f result)
include examine
