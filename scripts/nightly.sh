#!/usr/bin/env bash
# What takes too long for every change: model and property tests at length, in release mode; what
# became known about the crates since; the container.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=()
step() {
    echo "nightly: $1"
    shift
    "$@" || failed+=("$*")
}

step "model and property tests, 5000 cases each, 1,000,000 steps of the SIP dialogs" \
    env PROPTEST_CASES=5000 MODEL_STEPS=1000000 scripts/count-tests.sh --release
step "fuzz targets, 60 s each" scripts/fuzz.sh 60
step "advisories" scripts/deny.sh advisories
step "container" docker/build.sh

if [ ${#failed[@]} -gt 0 ]; then
    printf 'nightly: failed: %s\n' "${failed[@]}"
    exit 1
fi
echo "nightly: all well"
