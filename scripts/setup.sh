#!/usr/bin/env bash
# Installs the dependencies where they are missing or older than the lock file, and builds what changed.
set -euo pipefail
cd "$(dirname "$0")/.."

needs='const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)'
if ! node -e "$needs"; then
  echo "Sluice needs Node 20.19 or later (24 recommended); this is $(node --version). Get one from https://nodejs.org" >&2
  exit 1
fi

if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
  echo "Installing dependencies …" >&2
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  touch node_modules/.package-lock.json
fi

bash scripts/build.sh
