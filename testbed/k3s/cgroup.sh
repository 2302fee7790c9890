#!/bin/sh
# Runs a command in its own cgroup, which is removed when no process of the command is left, however that ended. Its argument
# is the command; it needs a mount namespace of its own and the machine's root cgroup.
set -e
mount -t cgroup2 none /sys/fs/cgroup
before=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
group=$(mktemp -d /sys/fs/cgroup/k3s-testbed-XXXXXX)
# Only a cgroup without processes can pass controllers on to its children.
mkdir "$group/sandbox"
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
  echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
  echo "+$controller" >"$group/cgroup.subtree_control"
done
echo $$ >"$group/sandbox/cgroup.procs"
# In its own session, so that it outlives the command. It waits outside of the cgroup that it waits for.
setsid sh -c '
  echo $$ >"$1/cgroup.procs"
  while grep -q "^populated 1" "$2/cgroup.events"; do sleep 0.2; done
  find "$2" -depth -type d -exec rmdir {} \;
' remover "$before" "$group" </dev/null >/dev/null 2>&1 &
exec "$@"
