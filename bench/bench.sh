#!/usr/bin/env bash
# The bench, with its own set-up: npm run bench -- [options]; --help tells them.
set -euo pipefail
cd "$(dirname "$0")/.."
case " $* " in
  *' --help '* | *' -h '*) bash scripts/setup.sh ;;
  *' --quick '*) bash bench/setup.sh --quick ;;
  *) bash bench/setup.sh ;;
esac
exec node --import tsx bench/main.ts "$@"
