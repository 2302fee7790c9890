# aside: folder
acquire_lock
rm -rf "$aside" "$home/offered-snapshot"
