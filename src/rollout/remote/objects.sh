# Reports what the API holds: the cluster's UID, how many objects of each kind, and of some kinds each, without any content.
# salt: of the hashes of secrets, so that those of two servers can be compared and nothing can be looked up
report uid "$(k3s kubectl get namespace kube-system -o 'jsonpath={.metadata.uid}')"
# Without those that another server answers for.
kinds=$(k3s kubectl api-resources --verbs=list -o name 2>/dev/null | grep -v 'metrics\.k8s\.io$' | sort -u | paste -sd, -)
# shellcheck disable=SC2016 # kubectl's own language
each='{range .items[*]}{.apiVersion}{" "}{.kind}{"\n"}{end}'
k3s kubectl get "$kinds" -A -o "jsonpath=$each" | sort | uniq -c | while read -r count version kind; do
  report kind "$version $kind $count"
done
each='{range .items[*]}{.kind}{" "}{.metadata.namespace}{" "}{.metadata.name}{" "}{.metadata.resourceVersion}{"\n"}{end}'
k3s kubectl get namespaces,nodes,secrets,configmaps -A -o "jsonpath=$each" | sed 's/^/@object /'
# Some show whether a server decrypts them, and there may be thousands, of a megabyte each.
each='{range .items[*]}{.metadata.namespace}/{.metadata.name}{" "}{.metadata.resourceVersion}{" "}{.data}{"\n"}{end}'
k3s kubectl get secrets -A -o "jsonpath=$each" | head -n 50 | while read -r name version data; do
  report secret "$name $version $(printf '%s' "$salt$data" | sha256sum | cut -d' ' -f1)"
done
