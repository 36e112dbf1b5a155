#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that are missing, and says which first. Quiet when there
# is nothing to do; asks for sudo only when something is missing.
#
#   scripts/setup.sh runtime   what `make demo` needs
#   scripts/setup.sh           what `make test` needs besides
set -euo pipefail

# A C compiler: the linker of Rust, SQLite and the cryptography of rustls; and what libopus is built with.
build=(gcc libc6-dev cmake make)
# Offline speech: two voices, the recogniser and its English model.
runtime=(flite espeak-ng libpocketsphinx3 pocketsphinx-en-us)
# Real phones and callers, a proxy, captures, sound files, certificates, a database, and the G.722 to compare ours with.
test=(baresip-core linphone-cli sip-tester kamailio kamailio-tls-modules tshark sngrep sox openssl postgresql libspandsp2 python3-websockets python3-aiosmtpd)

case "${1:-test}" in
    runtime) wanted=("${build[@]}" "${runtime[@]}") ;;
    test) wanted=("${build[@]}" "${runtime[@]}" "${test[@]}") ;;
    *) echo "usage: $0 [runtime|test]" >&2; exit 2 ;;
esac

if ! command -v cargo >/dev/null; then
    echo "setup: no cargo in the PATH. Install Rust first: https://rustup.rs" >&2
    exit 1
fi
if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is no Debian or Ubuntu. Install what these packages hold there:" >&2
    echo "  ${wanted[*]}" >&2
    exit 1
fi

missing=()
for package in "${wanted[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=(env DEBIAN_FRONTEND=noninteractive)
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: there is no sudo. As root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo "${as_root[@]}")
fi

echo "setup: installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
case " ${missing[*]} " in
    # Asked while it is installed. No: capturing is left to root.
    *" tshark "*)
        if command -v debconf-set-selections >/dev/null; then
            echo "wireshark-common wireshark-common/install-setuid boolean false" |
                "${as_root[@]}" debconf-set-selections
        fi ;;
esac
case " ${missing[*]} " in
    # The tests start it with a configuration of their own. As a service it would take port 5060, now
    # and at each boot: masked before it is there (`systemctl unmask kamailio` takes that back).
    *" kamailio "*)
        "${as_root[@]}" mkdir -p /etc/systemd/system
        "${as_root[@]}" ln -sfn /dev/null /etc/systemd/system/kamailio.service ;;
esac
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
