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
# A network of its own, with the MTU of an Ethernet: main.ts says why.
apart='ip link set lo mtu 1500 up && exec "$@"'
if unshare --net bash -c "$apart" _ true 2>/dev/null; then
  exec unshare --net bash -c "$apart" _ node --import tsx bench/slow/main.ts "$@"
fi
echo 'slow: no network namespace can be made here (that needs root and iproute2); on with the MTU of this loopback' >&2
exec node --import tsx bench/slow/main.ts "$@"
