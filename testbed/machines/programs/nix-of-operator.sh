# Runs a stand-in for Nix on the operator's machine, in a root of its own, since it has no /nix/store.
# $1: that root, $2: stand-ins, $3: state of the cluster, $4: folder of temporary files, then the stand-in and its arguments
exec unshare -m sh -e -c '
root=$1
. "$2/system-folders.sh"
mount --bind "$2" "$root/programs"
mount --bind "$3" "$root/cluster"
mount --rbind "$4" "$root/$4"
mkdir -p "$root/dev"
mount --rbind /dev "$root/dev"
shift 4
PATH=/programs:$PATH exec chroot "$root" sh -c "cd \"\$1\" && shift && exec \"\$@\"" sh "$PWD" "$@"' sh "$@"
