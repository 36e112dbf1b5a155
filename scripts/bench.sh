#!/usr/bin/env bash
# Runs every benchmark of the workspace (the [[bench]] targets), in release mode. Each prints its
# figures, one a line, with its unit. Those of calls are kept in target/bench/calls.txt; they want a
# quiet machine, and Kamailio for comparison (apt-get install kamailio).
#
#   scripts/bench.sh [further arguments of cargo bench]
set -euo pipefail
cd "$(dirname "$0")/.."

echo "on $(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
exec cargo bench --workspace --bench '*' "$@"
