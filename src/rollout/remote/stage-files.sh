# files: lines `:base64 name`; staging: the folder that gets them, and nothing else
rm -rf "$staging.new"
mkdir -p "$staging.new"
printf '%s\n' "$files" | while read -r content name; do
  mkdir -p "$(dirname "$staging.new/$name")"
  printf '%s' "${content#:}" | base64 -d >"$staging.new/$name"
done
chmod -R go+rX "$staging.new"
rm -rf "$staging"
mv "$staging.new" "$staging"
