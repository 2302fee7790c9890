# Reads, and changes nothing.
# files: K3s' certificates, relative to its data folder. Only certificates leave this host, never a key.
cd /var/lib/rancher/k3s 2>/dev/null || return 0
# Each line of the PEM blocks of certificates, with its file before it. $1: that file, if it is not one of the arguments
blocks_of() {
  name=$1
  shift
  awk -v name="$name" '
    FNR == 1 { inside = bytes = 0 }
    { sub(/\r$/, "") }
    /^-----BEGIN CERTIFICATE-----/ { inside = 1 }
    inside && (bytes += length($0)) <= 65536 { print "@pem", name == "" ? FILENAME : name, $0 }
    /^-----END CERTIFICATE-----/ { inside = 0 }' "$@"
}
set --
for file in $files; do
  [ ! -r "$file" ] || set -- "$@" "$file"
done
[ $# != 0 ] || return 0
report now "$(date +%s)"
stat -c '@certificate %n %Y' "$@"
for file; do
  shift
  case "$file" in
    # A Secret on one line: the certificate in base64, then its key (dynamiclistener, storage/file/file.go).
    *.json)
      sed -n 's/.*"tls\.crt":"\([A-Za-z0-9+\/=]*\)".*/\1/p' "$file" | head -n 1 | base64 -d 2>/dev/null | blocks_of "$file" || true ;;
    *) set -- "$@" "$file" ;;
  esac
done
[ $# = 0 ] || blocks_of "" "$@"
