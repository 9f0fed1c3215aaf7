#!/usr/bin/env bash
# Builds dist/ where it is older than what it is made of. Also npm's `prepare`, which the first `npx sluice` in a
# checkout runs.
set -euo pipefail
cd "$(dirname "$0")/.."

sources=(src sidecar package.json tsconfig.json scripts/tsconfig.build.json)
if [ ! -e dist/.built ] || [ -n "$(find "${sources[@]}" -newer dist/.built -print -quit)" ]; then
  # An `npx sluice` that comes before `npm install`.
  if [ ! -d node_modules ] && [ "${npm_command:-}" = exec ]; then exec bash scripts/first-npx.sh; fi
  if [ ! -x node_modules/.bin/tsc ]; then
    echo "sluice: to build it, run npm install in $PWD first; to use it elsewhere, install what npm pack makes there" >&2
    exit 1
  fi
  echo "Building …" >&2
  npm run --silent build
  chmod +x dist/src/cli/main.js dist/sidecar/main.js
  touch dist/.built
fi
