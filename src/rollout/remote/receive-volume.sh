# Reads the archive that offer-volume.sh prepared for, and puts its content in the place of the volume, which stays beside it.
acquire_lock
{ read -r path; read -r storage; read -r sha256; } <"$home/offered-volume"
include volume-place
new=$path.restoring
rm -rf "$new"
mkdir "$new"
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
got=$(
  {
    tee /proc/self/fd/4 |
      { tar --extract --preserve-permissions --same-owner --numeric-owner --acls --xattrs --xattrs-include='*' --sparse \
        --directory="$new" --file=- >"$said/words" 2>&1 9>&- || echo "$?" >"$said/status"; }
  } 4>&1 | sha256sum | cut -d' ' -f1
)
if [ "$got" != "$sha256" ]; then
  rm -rf "$new"
  fail "the volume has not arrived as it was sent: run the same command again"
fi
if [ -e "$said/status" ]; then
  rm -rf "$new"
  fail "$(tail -n 1 "$said/words" | cut -c 1-300)"
fi
sync -f "$new"
former=$path.$(date -u +%Y-%m-%dT%H-%M-%SZ)
if [ -e "$path" ]; then
  # Under its later name first: what is called .restoring is removed by the next command.
  mv -T "$new" "$former"
  mv --exchange -T "$former" "$path"
  report former "$former"
else
  mv -T "$new" "$path"
fi
sync -f "$storage"
rm -f "$home/offered-volume"
