# Archives the volume in the present folder, with all that a filesystem has of it. What is mounted in it is not of the volume.
archive() {
  tar --create --one-file-system --sparse --acls --xattrs --xattrs-include='*' --numeric-owner "$@" .
}
