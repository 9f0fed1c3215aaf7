#!/usr/bin/env bash
# Says how docker-compose.yml can be read on this machine: `docker compose` or `docker-compose`. Where there is
# neither it installs Debian's docker-compose, which validates the file without a Docker engine.
set -euo pipefail

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The one line that a person gets: what is missing, and how to get it.
give_up() {
  echo "compose-tool: docker-compose is not on PATH and could not be installed ($1): install Docker Compose, then run this again." >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" >>"$log" 2>&1
}

last_words() { grep -E '^(E:|sudo:)' "$log" | tail -n 1 | tr -d '\n' || true; }

find_tool() {
  if docker compose version >/dev/null 2>&1; then
    echo docker compose
  elif command -v docker-compose >/dev/null; then
    echo docker-compose
  else
    return 1
  fi
}

find_tool && exit 0
command -v apt-get >/dev/null || give_up 'this machine has no apt-get'
echo 'compose-tool: installing docker-compose with apt-get' >&2
# Its recommendations are a Docker engine.
{ apt update && apt install --no-install-recommends docker-compose; } || give_up "$(last_words)"
find_tool || give_up 'its package brought no such command'
