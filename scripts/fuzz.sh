#!/usr/bin/env bash
# Runs each fuzz target for so many seconds, beginning with the committed corpus, the RFCs' messages and those of phones. What is
# found on the way stays in target/fuzz; a crash is kept in fuzz/artifacts and fails.
#
#   scripts/fuzz.sh [seconds, default 60] [target ...]
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(message uri headers digest sdp)
if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "fuzz: installing cargo-fuzz"
    cargo install cargo-fuzz --locked
fi

found=${CARGO_TARGET_DIR:-target}/fuzz
for target in "${targets[@]}"; do
    mkdir -p "$found/$target"
    seeds=("fuzz/corpus/$target")
    case $target in
        message) seeds+=(crates/sip/tests/phones crates/sip/tests/torture crates/sip/tests/torture/ipv6) ;;
        sdp) seeds+=(crates/sdp/tests/samples) ;;
    esac
    echo "fuzz: $target for $seconds s"
    # Coverage needs no nightly toolchain, the address sanitizer would; there is no unsafe code to find out about.
    cargo fuzz run --sanitizer none "$target" "$found/$target" "${seeds[@]}" -- \
        -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=8192 -print_final_stats=1
done
