# What several programs read of a host.
# Sets `line` to the first line of a file, or to nothing. A host is asked for dozens of them, and each `cat` would be a process. A shell
# that reads byte by byte gets only the first digit of a number of the kernel's, as if its line had no end.
read_line() {
  line=
  IFS= read -r line 2>/dev/null <"$1" || true
}
report_line() {
  read_line "$2"
  report "$1" "$line"
}

# By one question to systemd, which looks at one unit after another, and separates its answers by an empty line. A timer that fires
# meanwhile starts the revert, which ends the activation: each comes before what ends it.
report_states() {
  systemctl show -p ActiveState --value k3s.service "$activate.service" "$revert.timer" "$revert.service" 2>/dev/null |
    for name in k3s activation revert reverting; do
      read -r state || break
      report "$name" "$state"
      read -r _ || break
    done
}

# It says `k3s version <version> (<commit>)` first.
report_k3s_version() {
  /run/current-system/sw/bin/k3s --version 2>/dev/null | {
    read -r first _ version _ || true
    [ "$first" != k3s ] || report k3s_version "$version"
  }
}
