#!/usr/bin/env bash
# Says how docker-compose.yml can be read on this machine: `docker compose` or `docker-compose`. Where there is
# neither it installs Debian's docker-compose, which validates the file without a Docker engine.
set -euo pipefail

. "$(dirname "$0")/apt.sh"

# The one line that a person gets: what is missing, and how to get it.
give_up() {
  echo "compose-tool: docker-compose is not on PATH and could not be installed ($1): install Docker Compose, then run this again." >&2
  exit 1
}

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
