#!/usr/bin/env bash
# The demo (examples/demo), with its own set-up: npm run demo -- [--real] [--for 30s]
set -euo pipefail
trap 'exit 130' INT
cd "$(dirname "$0")/.."
bash scripts/setup.sh
if [[ " $* " == *" --real "* ]]; then bash scripts/servers.sh; fi
# The first `npx sluice` in a checkout links it into npx's cache and would build it once more before that.
npm_config_ignore_scripts=true npx sluice --version >/dev/null 2>&1 || true
exec node --import tsx examples/demo/main.ts "$@"
