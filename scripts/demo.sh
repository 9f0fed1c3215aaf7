#!/usr/bin/env bash
# The demo (examples/demo), with its own set-up: npm run demo -- [--real] [--for 30s]
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
if [[ " $* " == *" --real "* ]]; then bash scripts/servers.sh; fi
exec node --import tsx examples/demo/main.ts "$@"
