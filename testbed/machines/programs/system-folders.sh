# The programs and libraries of the machine below, in the root $root.
for folder in usr bin sbin lib lib64; do
  if [ -L "/$folder" ]; then ln -sfn "$(readlink "/$folder")" "$root/$folder"
  elif [ -d "/$folder" ]; then mkdir -p "$root/$folder" && mount --rbind "/$folder" "$root/$folder"; fi
done
