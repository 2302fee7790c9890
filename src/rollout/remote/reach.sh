# targets: addresses of flannel's tunnel endpoints, separated by spaces; without tunnels, of the pods' bridges
# tunnel: whether there are tunnels; endpoint: URL of the API
reaches() {
  if [ "$tunnel" = yes ]; then
    ping -c 1 -W 2 "$1" >/dev/null 2>&1 || ping -c 2 -W 2 "$1" >/dev/null 2>&1
  else
    # The kubelet: its refusal is an answer too.
    curl -sk --max-time 4 -o /dev/null "https://$1:10250/"
  fi
}
for target in $targets; do
  if reaches "$target"; then
    report reaches "$target"
  else
    report misses "$target"
  fi
done
if curl -sfk --max-time 5 -o /dev/null "$endpoint/cacerts"; then report api reached; else report api missed; fi
