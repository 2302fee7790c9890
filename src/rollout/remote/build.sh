# files: lines `:base64 name`
# caches, cache_keys: binary caches and their keys, with spaces between them
# revision: of nixpkgs, empty to build from the host's channel; archive: its URL; hash: of its tree, as SRI
acquire_lock
rm -rf "$home/staging.new"
mkdir -p "$home/staging.new"
printf '%s\n' "$files" | while read -r content name; do
  mkdir -p "$(dirname "$home/staging.new/$name")"
  printf '%s' "${content#:}" | base64 -d >"$home/staging.new/$name"
done
chmod -R go+rX "$home/staging.new"
rm -rf "$home/staging"
mv "$home/staging.new" "$home/staging"

cd "$home"
# While this program runs: the last line of a file, whenever it is another one.
follow() {
  before=
  while sleep 2 && kill -0 $$; do
    line=$(tail -n 1 "$1" | cut -c 1-200)
    [ "$line" = "$before" ] || report building "$line"
    before=$line
  done
}
# Not `-I nixpkgs=<URL>`, whose content Nix would not check. What is in the store already is not downloaded again
# (Nix, src/nix/prefetch.cc). `source` is the name that fetchTarball and flakes give it, so that all share one path.
if [ -n "$revision" ]; then
  report building "downloading nixpkgs $revision"
  nix-prefetch-url --unpack --print-path --name source "$archive" "$hash" >nixpkgs.path 2>nixpkgs.log 9>&- ||
    fail "nixpkgs $revision cannot be had from $archive: $(tail -n 1 nixpkgs.log | cut -c 1-300). Make the host reach it, and compare rev and hash with what npm run nixpkgs -- update writes"
  nixpkgs=$(tail -n 1 nixpkgs.path)
  # The garbage collector leaves it, so that the next build downloads nothing.
  nix-store --realise "$nixpkgs" --add-root "$home/nixpkgs" >/dev/null 9>&-
  set -- -I "nixpkgs=$nixpkgs"
else
  rm -f "$home/nixpkgs"
fi
# The running system knows only those of an earlier build.
if [ -n "$caches" ]; then
  set -- "$@" --option extra-substituters "$caches" --option extra-trusted-public-keys "$cache_keys"
fi
# Set it, since NIXOS_CONFIG in the host's environment would override `-I` (nixos/default.nix).
export NIXOS_CONFIG="$home/staging/configuration.nix"
# `--no-flake`: otherwise a flake in /etc/nixos would be built instead.
status=0
follow build.log 9>&- &
follower=$!
nixos-rebuild build --no-flake -I "nixos-config=$NIXOS_CONFIG" "$@" >build.log 2>&1 9>&- || status=$?
kill "$follower" || true
if [ "$status" != 0 ]; then
  tail -n 40 build.log
  exit 1
fi
built=$(readlink -f result)
[ -x "$built/bin/switch-to-configuration" ] || fail "the build left no system at $home/result"
report built "$built"
report release "$(cat "$built/nixos-version")"
report k3s_version "$("$built/sw/bin/k3s" --version 2>/dev/null | sed -n 's/^k3s version \([^ ]*\).*/\1/p')"
for part in kernel initrd kernel-modules; do
  if [ "$(readlink -f "$built/$part" || true)" != "$(readlink -f "/run/booted-system/$part" || true)" ]; then
    report reboot "$part"
  fi
done
cmp -s "$built/kernel-params" /run/booted-system/kernel-params || report reboot "kernel-params"
# Whether it refuses to be activated while the host runs. A system without such a check does not refuse.
refusals() {
  if "$built/bin/switch-to-configuration" 2>&1 | grep -q '^check:'; then
    "$built/bin/switch-to-configuration" check >check.log 2>&1 9>&- || tail -n 12 check.log
  fi
  interface() { cat "$1/init-interface-version" 2>/dev/null || true; }
  [ "$(interface /run/current-system)" = "$(interface "$built")" ] || echo "it has another init than the one that runs"
}
refusals >refusal
if [ -s refusal ]; then report_file refusal refusal; else rm -f refusal; fi
hostname=$(cat "$built/etc/hostname" 2>/dev/null || true)
[ "$hostname" = "$(cat /proc/sys/kernel/hostname)" ] || report reboot "hostname"
# The keys with which the new system accepts root.
for keys in "$built/etc/ssh/authorized_keys.d/root" /root/.ssh/authorized_keys; do
  if [ -s "$keys" ]; then
    ssh-keygen -lf "$keys" | while read -r _ fingerprint _; do report key "$fingerprint"; done
  fi
done
