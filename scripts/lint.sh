#!/usr/bin/env bash
# Form, clippy, documentation and what may come into the build: every warning is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

step() {
    echo "lint: $*"
    "$@"
}

step cargo fmt --all --check
step cargo clippy --workspace --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" step cargo doc --no-deps --workspace
scripts/deny.sh bans licenses sources
