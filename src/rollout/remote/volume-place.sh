# Ends unless $path is, or can be, a folder of its own directly below $storage: this runs as root, and the API may name any path.
# path: of the volume, as the API has it; storage: the provisioner's folder
case "$path" in "$storage"/*/* | "$storage"/. | "$storage"/..) fail "$path is no volume of $storage" ;; esac
if [ "${path%/*}" != "$storage" ] || [ "$(realpath -m "$path")" != "$(realpath -m "$storage")/${path##*/}" ]; then
  fail "$path is no folder of $storage, but leads elsewhere"
fi
if [ -e "$path" ] && [ ! -d "$path" ]; then fail "$path is no folder"; fi
