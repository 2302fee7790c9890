# Removes the bridge of the pods of a cluster that was replaced. In the other one this node may have another pod CIDR, and the
# plugin refuses a bridge with another address (containernetworking/plugins, plugins/main/bridge/bridge.go).
acquire_lock
ip link delete cni0 2>/dev/null || true
