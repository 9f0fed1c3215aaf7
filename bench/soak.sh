#!/usr/bin/env bash
# The soak, with its own set-up: npm run soak -- --minutes 10
set -euo pipefail
cd "$(dirname "$0")/.."
case " $* " in
  *' --help '* | *' -h '*) bash scripts/setup.sh ;;
  *) bash bench/setup.sh --quick ;;
esac
exec node --import tsx bench/soak/main.ts "$@"
