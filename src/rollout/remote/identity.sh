# Gives the host a new machine-id and new SSH host keys. This connection stays; the next one uses the new keys.
acquire_lock
rm -f /etc/machine-id
systemd-machine-id-setup >/dev/null 2>&1 || { tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id; }
chmod 0444 /etc/machine-id
for key in /etc/ssh/ssh_host_*_key; do
  [ -e "$key" ] || continue
  type=${key#/etc/ssh/ssh_host_}
  rm -f "$key.new" "$key.new.pub"
  ssh-keygen -q -t "${type%_key}" -N '' -C '' -f "$key.new"
  mv "$key.new.pub" "$key.pub"
  mv "$key.new" "$key"
done
# The node password of a cloned node is another node's (k3s#802).
[ -d /var/lib/rancher/k3s/server/db ] || rm -f /etc/rancher/node/password
for key in /etc/ssh/ssh_host_*_key.pub; do report host_key "$(cut -d' ' -f1,2 "$key")"; done
# With socket activation every new connection uses the new keys.
systemctl restart sshd.service 9>&- || systemctl restart sshd.socket 9>&-
