# Gets the files of a system that another machine has built, and says which of its store paths are missing here.
# files: as in stage-files.sh; closure: lines `path hash`
acquire_lock
staging=$home/staging
include stage-files
cd "$home"
printf '%s\n' "$closure" >offered
cut -d' ' -f1 offered | xargs -d '\n' nix-store --check-validity --print-invalid >missing 9>&-
sed 's/^/@missing /' missing
# It no longer builds from it.
rm -f missing nixpkgs
