#!/usr/bin/env bash
# The whole suite, or the files named: npm test -- test/core/tags.test.ts
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
bash scripts/servers.sh
bash scripts/compose-tool.sh >/dev/null
if [ $# -eq 0 ]; then
  mapfile -t files < <(find test -name '*.test.ts' | sort)
else
  files=("$@")
fi
exec node --import tsx --import ./test/support/deadline.mjs --test --test-concurrency=2 --test-timeout=240000 "${files[@]}"
