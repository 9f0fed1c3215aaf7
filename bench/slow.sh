#!/usr/bin/env bash
# Slow attacks, with their own set-up: npm run slow -- --connections 4000
set -euo pipefail
cd "$(dirname "$0")/.."
case " $* " in
  *' --help '* | *' -h '*) bash scripts/setup.sh ;;
  *)
    bash bench/setup.sh --quick
    . scripts/apt.sh
    if ! command -v slowhttptest >/dev/null 2>&1; then
      echo 'slow: installing slowhttptest with apt-get' >&2
      apt update || true
      apt install --no-install-recommends slowhttptest
    fi
    bash scripts/build.sh
    ;;
esac
exec node --import tsx bench/slow/main.ts "$@"
