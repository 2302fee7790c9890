# Runs in the namespaces of restore-here.sh: hides what K3s has on this machine, and tries the snapshot.
# aside: folder; namespaces: see aside.sh; others: see try-aside.sh
if [ -z "$namespaces" ]; then
  mount --rbind /etc /etc
  mount -o remount,bind,ro /etc
fi
[ ! -e /etc/rancher ] || mount -t tmpfs tmpfs /etc/rancher
# `k3s kubectl` unpacks its programs there, unless they are there already (k3s, cmd/k3s/main.go, extract).
mount -t tmpfs tmpfs /var/lib
mkdir -p /var/lib/rancher/k3s
mount --bind "$aside" /var/lib/rancher/k3s
# What a person has set for another K3s. kubectl keeps what it has found below the home folder.
for name in $(env | sed -n 's/^\(K3S_[A-Za-z0-9_]*\)=.*/\1/p'); do unset "$name"; done
export HOME="$aside" PATH="$aside/bin:$PATH"
include try-aside
