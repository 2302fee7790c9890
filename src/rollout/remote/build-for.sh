# Builds the system of another host, in a folder of its own, and reports the store paths that it consists of: `@path path hash size`.
# target: hostname of that host; builds: folder of such builds; else as build.sh
home=$builds
acquire_lock
staging=$home/hosts/$target/staging
mkdir -p "$home/hosts/$target"
include stage-files
cd "$home/hosts/$target"
include build-options
# As nixos-rebuild does it (nixos-rebuild.sh), which only NixOS has. The link protects what it builds from garbage collection.
set -- nix-build '<nixpkgs/nixos>' --attr system --keep-going --out-link result "$@"
include run-build
built=$(readlink result)
report built "$built"
nix-store --query --requisites "$built" >closure
xargs -d '\n' nix-store --query --hash <closure >hashes
xargs -d '\n' nix-store --query --size <closure >sizes
paste -d ' ' closure hashes sizes | sed 's/^/@path /'
