#!/usr/bin/env bash
# What takes too long for every change: model and property tests at length, in release mode; whether
# the tests of transfers and dialogs would notice a mistake; calls with sound for half an hour (SOAK_MINUTES); an hour of speech in which
# no keys are;
# what became known about the crates since; the container. The model test begins at another seed each
# day: TANDEM_MODEL_FROM repeats a night, TANDEM_MODEL_STEPS is its length.
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
step "the model, ${TANDEM_MODEL_STEPS:=1000000} events from seed ${TANDEM_MODEL_FROM:=$(date +%Y%m%d)00000}" \
    env CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true \
    TANDEM_MODEL_STEPS="$TANDEM_MODEL_STEPS" TANDEM_MODEL_FROM="$TANDEM_MODEL_FROM" \
    cargo test --release -p tandem-tests --test model -- --nocapture
step "mutants of the transfer machines, of transactions and dialogs" scripts/mutants.sh all
step "calls with sound, ${SOAK_MINUTES:-30} minutes: memory and files stay flat" \
    cargo bench -p tandem --bench calls -- soak
step "an hour of speech: at most one digit is heard in it" \
    env TALK_OFF_MINUTES=60 cargo test -p tandem-tests --test talk_off -- --nocapture
step "advisories" scripts/deny.sh advisories
step "container" docker/build.sh

if [ ${#failed[@]} -gt 0 ]; then
    printf 'nightly: failed: %s\n' "${failed[@]}"
    exit 1
fi
echo "nightly: all well"
