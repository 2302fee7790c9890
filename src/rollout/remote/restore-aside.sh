# Restores a snapshot aside on a host: see aside.sh, whose variables it has.
acquire_lock
include aside
