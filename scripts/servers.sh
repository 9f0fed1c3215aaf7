#!/usr/bin/env bash
# Makes what the tests run beside Node available on PATH: `redis-server`, `consul`, `haproxy` and `nginx` to stand in front, and
# for clients and examples `curl`, `openssl`, `python3` and `ps`. A no-op where all are there. Otherwise they come from Debian's packages: those of the
# machine's own release, and Consul from Debian 11 (bullseye), the last release that carries it.
set -euo pipefail

. "$(dirname "$0")/apt.sh"

have() { command -v "$1" >/dev/null 2>&1; }

# The one line that a person gets: what is missing, and how to get it.
give_up() {
  echo "servers: $1 is not on PATH and could not be installed ($2): $3, then run this again." >&2
  exit 1
}

# The machine's own source of Debian, turned to bullseye. Whatever mirror, proxy path or keyring it names is
# kept, so nothing about where packages come from is written down here.
bullseye_source() {
  local codename file
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -e "$file" ] || continue
    awk -v RS= -v codename="$codename" '
      $0 !~ ("(^|\n)Suites:[^\n]*[ \t]" codename "([ \t\n]|$)") { next }
      {
        n = split($0, line, "\n")
        for (i = 1; i <= n; i++) {
          if (line[i] ~ /^#/) continue
          if (line[i] ~ /^Suites:/) print "Suites: bullseye"
          else if (line[i] ~ /^Components:/) print "Components: main"
          else print line[i]
        }
        exit
      }' "$file" >"$1"
    [ -s "$1" ] && return 0
  done
  # One-line style: deb [option=value …] URI suite component …
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -e "$file" ] || continue
    awk -v codename="$codename" '
      $1 != "deb" { next }
      {
        options = ""
        rest = $0
        sub(/^deb[ \t]+/, "", rest)
        if (match(rest, /^\[[^]]*\][ \t]+/)) {
          options = substr(rest, 1, RLENGTH)
          rest = substr(rest, RLENGTH + 1)
        }
        split(rest, part, /[ \t]+/)
        if (part[2] != codename) next
        gsub(/[][]/, "", options)
        n = split(options, option, /[ \t]+/)
        print "Types: deb"
        print "URIs: " part[1]
        print "Suites: bullseye"
        print "Components: main"
        for (i = 1; i <= n; i++) if (sub(/^signed-by=/, "", option[i])) print "Signed-By: " option[i]
        exit
      }' "$file" >"$1"
    [ -s "$1" ] && return 0
  done
  return 1
}

# From the machine's own release: the command's package has its name, but for ps.
install_own() {
  local package=${1/#ps/procps}
  echo "servers: installing $package with apt-get"
  { apt update && apt install --no-install-recommends "$package"; } ||
    give_up "$1" "$(last_words)" "install the package $package yourself"
}

install_consul() {
  local how='put a consul binary (1.8 or newer) on PATH yourself'
  echo 'servers: installing consul with apt-get'
  apt update || give_up consul "$(last_words)" "$how"
  apt-cache policy consul 2>>"$log" | grep -q 'Candidate: [0-9]' || add_bullseye "$how"
  apt install --no-install-recommends consul || give_up consul "$(last_words)" "$how"
}

add_bullseye() {
  echo 'servers: this release of Debian has no consul; adding Debian 11 (bullseye) as a source of it'
  local source
  source=$(mktemp)
  bullseye_source "$source" ||
    give_up consul 'this machine has no Debian package source to derive one from' "$1"
  # Priority 100: nothing that the machine's own release has is ever taken from here.
  local pin=$'Package: *\nPin: release n=bullseye\nPin-Priority: 100\n'
  {
    as_root install -m 644 "$source" /etc/apt/sources.list.d/sluice-bullseye.sources &&
      printf '%s' "$pin" | as_root tee /etc/apt/preferences.d/sluice-bullseye >/dev/null
  } 2>>"$log" || give_up consul "$(last_words)" "$1"
  rm -f "$source"
  apt update || give_up consul "$(last_words)" "$1"
}

for command in redis-server haproxy nginx python3 curl openssl ps consul; do
  have "$command" && continue
  have apt-get || give_up "$command" 'this machine has no apt-get' "install $command yourself"
  case $command in
    consul) install_consul ;;
    *) install_own "$command" ;;
  esac
  have "$command" || give_up "$command" 'its package brought no such command' "install $command yourself"
  echo "servers: $command is $(command -v "$command")"
done
