#!/usr/bin/env bash
# Set-up within the `prepare` of an `npx sluice`. npm hides what is said there, and keeps the folder that it had begun
# for the command: after a failure each later call would fail in it.
set -euo pipefail
cd "$(dirname "$0")/.."

if (exec >/dev/tty) 2>/dev/null; then exec >/dev/tty 2>&1; fi
if bash scripts/setup.sh; then exit; fi
for link in "$npm_config_cache"/_npx/*/node_modules/sluice; do
  if [ "$(readlink -f "$link")" = "$PWD" ]; then rm -rf "${link%/node_modules/sluice}"; fi
done
exit 1
