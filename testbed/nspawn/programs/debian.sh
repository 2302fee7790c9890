# Mounts the Debian in $2 below the files of the machine in $1.
debian_below() {
  mkdir -p "$1.work"
  mount -t overlay overlay -o "lowerdir=$2,upperdir=$1,workdir=$1.work" "$1"
}
