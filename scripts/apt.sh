# Sourced by the scripts that get Debian's packages; what apt-get says goes to a log of its own.

log=$(mktemp)
trap 'rm -f "$log"' EXIT

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# RUNLEVEL keeps Debian from starting the servers that it installs (invoke-rc.d(8)); the tests start their own.
apt() {
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" >>"$log" 2>&1
}

last_words() { grep -E '^(E:|sudo:)' "$log" | tail -n 1 | tr -d '\n' || true; }
