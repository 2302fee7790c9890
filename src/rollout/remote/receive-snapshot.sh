# Reads the snapshot that offer-snapshot.sh made room for.
acquire_lock
{ read -r aside; read -r file; read -r sha256; } <"$home/offered-snapshot"
cat >"$aside/$file.new"
if [ "$(sha256sum <"$aside/$file.new" | cut -d' ' -f1)" != "$sha256" ]; then
  rm -f "$aside/$file.new"
  fail "the snapshot has not arrived as it was sent: run the same command again"
fi
mv "$aside/$file.new" "$aside/$file"
rm -f "$home/offered-snapshot"
