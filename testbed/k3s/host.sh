#!/bin/sh
# Runs a command as on its own host: `host.sh NAME COMMAND…`, in the namespace of the host's network, with the
# join token in TOKEN_FILE's place as standard input. Nothing that it writes outside of /tmp outlives it.
set -e
if [ "$1" != --inside ]; then
  group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup | sed 's|/[^/]*$||')/$1
  mkdir "$group"
  echo $$ >"$group/cgroup.procs"
  shift
  exec unshare --mount --cgroup sh "$0" --inside "$@"
fi
shift
# As systemd sets it up: kubelets pass mounts to pods.
mount --make-rshared /
mount -t sysfs none /sys
mount -t cgroup2 none /sys/fs/cgroup
# The kubelet creates cgroups below this one, which therefore must have no processes itself.
mkdir /sys/fs/cgroup/init
echo $$ >/sys/fs/cgroup/init/cgroup.procs
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
  echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done
for folder in /run /var/lib /var/log; do mount -t tmpfs none "$folder"; done
# Folders in which K3s finds things of the machine, and to which it adds its own: /etc/rancher, /usr/libexec/kubernetes.
for folder in /etc /usr; do
  mkdir -p "/var/lib/overlay$folder/upper" "/var/lib/overlay$folder/work"
  layers="lowerdir=$folder,upperdir=/var/lib/overlay$folder/upper,workdir=/var/lib/overlay$folder/work"
  mount -t overlay -o "$layers" none "$folder"
done
mkdir -p "$(dirname "$TOKEN_FILE")"
(umask 077 && cat >"$TOKEN_FILE")
if [ -n "$IMAGES" ]; then
  archive=/var/lib/rancher/k3s/agent/images/$(basename "$IMAGES")
  mkdir -p /var/lib/rancher/k3s/agent/images
  : >"$archive"
  mount --bind "$IMAGES" "$archive"
fi
exec "$@"
