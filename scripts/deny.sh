#!/usr/bin/env bash
# `cargo deny check`, with cargo-deny installed if it is not there. See deny.toml.
#
#   scripts/deny.sh bans licenses sources
#   scripts/deny.sh advisories    (only where the advisory database can be reached)
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo deny --version >/dev/null 2>&1; then
    echo "deny: installing cargo-deny"
    cargo install cargo-deny --locked
fi
if [ "$*" = advisories ]; then
    database=https://github.com/rustsec/advisory-db
    if ! timeout 20 git ls-remote --quiet "$database" HEAD >/dev/null 2>&1; then
        echo "deny: advisories are not checked, $database cannot be reached"
        exit 0
    fi
fi
echo "deny: $*"
cargo deny check "$@"
