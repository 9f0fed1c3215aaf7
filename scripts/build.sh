#!/usr/bin/env bash
# Builds dist/ where it is older than what it is made of. Also npm's `prepare`, which `npx sluice` in a checkout
# runs when it is called for the first time.
set -euo pipefail
cd "$(dirname "$0")/.."

sources=(src sidecar package.json tsconfig.json scripts/tsconfig.build.json)
if [ ! -e dist/.built ] || [ -n "$(find "${sources[@]}" -newer dist/.built -print -quit)" ]; then
  if [ ! -x node_modules/.bin/tsc ]; then
    echo "sluice: to build it, run npm install in $PWD first; to use it elsewhere, install what npm pack makes there" >&2
    exit 1
  fi
  echo "Building …" >&2
  npm run --silent build
  touch dist/.built
fi
