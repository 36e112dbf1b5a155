#!/usr/bin/env bash
# Mutates the machines of the transfers, and SIP's transactions and dialogs, and fails unless their own tests kill nine of ten of
# each. cargo-mutants is installed if it is not there.
#
#   scripts/mutants.sh [transfers|dialogs|all] [further arguments of cargo mutants, e.g. --shard 1/8]
set -euo pipefail
cd "$(dirname "$0")/.."

floor=90
which=${1:-all}
shift || true
if ! cargo mutants --version >/dev/null 2>&1; then
    echo "mutants: installing cargo-mutants"
    cargo install cargo-mutants --locked
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# mutate NAME PACKAGE FILE... -- TESTS...: the figure of a machine, and false below the floor.
mutate() {
    local name=$1 package=$2 files=()
    shift 2
    while [ "$1" != -- ]; do
        files+=(--file "$1")
        shift
    done
    # Its status says that a mutant lived; how many may is decided below.
    cargo mutants --no-shuffle --colors never --output "$out/$name" --package "$package" "${files[@]}" "${more[@]}" "$@" || true
    lines() { sed '/^$/d' "$out/$name/mutants.out/$1.txt" | wc -l; }
    local killed=$(($(lines caught) + $(lines timeout)))
    local all=$((killed + $(lines missed)))
    sed 's/^/mutants: lives: /' "$out/$name/mutants.out/missed.txt"
    echo "mutants: $name: $killed of $all killed"
    [ "$all" -gt 0 ] && [ $((100 * killed)) -ge $((floor * all)) ]
}

more=("$@")
failed=0
if [ "$which" != dialogs ]; then
    mutate transfers tandem-call 'crates/call/src/reach.rs' 'crates/call/src/reach/*.rs' 'crates/call/src/refer.rs' \
        -- --lib || failed=1
fi
if [ "$which" != transfers ]; then
    mutate dialogs tandem-sip 'crates/sip/src/transaction.rs' 'crates/sip/src/transaction/*.rs' \
        'crates/sip/src/dialog.rs' 'crates/sip/src/dialog/*.rs' \
        -- --lib --test endpoint_pair || failed=1
fi
exit "$failed"
