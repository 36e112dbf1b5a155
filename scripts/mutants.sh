#!/usr/bin/env bash
# Mutates the machines of the transfers and fails unless their own tests kill nine of ten. cargo-mutants is installed if it is
# not there.
#
#   scripts/mutants.sh [further arguments of cargo mutants, e.g. --shard 1/8]
set -euo pipefail
cd "$(dirname "$0")/.."

floor=90
if ! cargo mutants --version >/dev/null 2>&1; then
    echo "mutants: installing cargo-mutants"
    cargo install cargo-mutants --locked
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
# Its status says that a mutant lived; how many may is decided below.
cargo mutants --no-shuffle --colors never --output "$out" --package tandem-call \
    --file 'crates/call/src/reach.rs' --file 'crates/call/src/reach/*.rs' --file 'crates/call/src/refer.rs' \
    "$@" -- --lib || true
lines() { sed '/^$/d' "$out/mutants.out/$1.txt" | wc -l; }
killed=$(($(lines caught) + $(lines timeout)))
all=$((killed + $(lines missed)))
sed 's/^/mutants: lives: /' "$out/mutants.out/missed.txt"
echo "mutants: $killed of $all killed"
[ "$all" -gt 0 ] && [ $((100 * killed)) -ge $((floor * all)) ]
