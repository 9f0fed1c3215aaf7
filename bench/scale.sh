#!/usr/bin/env bash
# A large catalog, with its own set-up: npm run scale -- --services 300
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
case " $* " in
  *' --help '* | *' -h '*) ;;
  *) bash scripts/servers.sh && bash scripts/build.sh ;;
esac
exec node --import tsx bench/scale/main.ts "$@"
