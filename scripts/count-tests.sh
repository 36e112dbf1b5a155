#!/usr/bin/env bash
# Runs every test of the workspace with its output visible. The last line is `N passed, N failed`,
# alone. Fails if a test failed, if a test program died or hung, if nothing was built, or if no test ran.
#
#   scripts/count-tests.sh [further arguments of cargo test]
set -uo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The tests of the binary use it as it is built here.
cargo build --workspace --bins $(printf "%s\n" "$@" | grep -x -- --release) || exit 1
# No test program takes five minutes: one that hangs is ended, and the others still run.
host=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
export "CARGO_TARGET_${host}_RUNNER=timeout --foreground --verbose --kill-after=10 900"
cargo test --workspace --no-fail-fast "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}

# libtest: `test result: ok. 12 passed; 0 failed; 1 ignored; ...`, once a program, perhaps coloured.
read -r passed failed ignored < <(
    sed 's/\x1b\[[0-9;]*m//g' "$log" | awk '
        /^test result: / {
            for (i = 2; i <= NF; i++) {
                if ($i == "passed;") p += $(i - 1)
                if ($i == "failed;") f += $(i - 1)
                if ($i == "ignored;") n += $(i - 1)
            }
        }
        END { print p + 0, f + 0, n + 0 }'
)
# A program that does not build, or dies, has no result line: it counts as one failure.
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
    failed=1
fi
echo
[ "$ignored" -eq 0 ] || echo "$ignored ignored"
[ "$passed" -gt 0 ] || echo "no test passed"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
