#!/usr/bin/env bash
# Runs every benchmark of the workspace (the [[bench]] targets), in release mode. Each prints its
# figures, one a line, with its unit. Those of calls are kept in target/bench/calls.txt, those of their
# sound (a table with goals) in target/bench/media.txt; they want a quiet machine, and for comparison
# Kamailio and rtpengine (apt-get install kamailio rtpengine-daemon; not as services: they are started here).
#
#   scripts/bench.sh [further arguments of cargo bench]
set -euo pipefail
cd "$(dirname "$0")/.."

echo "on $(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
exec cargo bench --workspace --bench '*' "$@"
