#!/usr/bin/env bash
# Random bytes on the wire, tables, requests, expressions, tags and documents, for as many seconds together as said (600): npm run fuzz -- 60
set -euo pipefail
cd "$(dirname "$0")/.."
export FUZZ_SECONDS=${1:-600}
mapfile -t files < <(find test -name '*fuzz.test.ts' | sort)
exec node --import tsx --test --test-timeout=$(((FUZZ_SECONDS + 120) * 1000)) "${files[@]}"
