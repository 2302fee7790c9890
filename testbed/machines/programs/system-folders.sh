# Mounts the programs and libraries of the underlying machine into $root.
for folder in usr bin sbin lib lib64; do
  if [ -L "/$folder" ]; then ln -sfn "$(readlink "/$folder")" "$root/$folder"
  elif [ -d "/$folder" ]; then mkdir -p "$root/$folder" && mount --rbind "/$folder" "$root/$folder"; fi
done
