#!/usr/bin/env bash
# Builds the image and runs it, with buildah and podman. Where no registry can be reached, the base is
# made by debootstrap from the Debian mirror, and the builder is that base with this machine's own
# Rust toolchain. As root, on Debian or Ubuntu; installs buildah, podman and debootstrap if missing.
#
#   docker/build.sh              build and run
#   docker/build.sh --offline    as if no registry could be reached
#
# BASE, BUILDER, STORAGE_DRIVER and BUILDAH_ISOLATION can be set; see docker/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

image=localhost/tandem
suite=bookworm
# Set where it is made here.
builder=
# Needs no namespaces of its own, so it also works inside a container or a small sandbox.
export BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot}

say() { echo "container: $*"; }

need_tools() {
    local missing=()
    for tool in buildah podman debootstrap; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "installing ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# What podman uses (overlay, where the kernel lets it) buildah must use too. Else plain copies: slow
# and large, but everywhere.
pick_storage() {
    [ -z "${STORAGE_DRIVER:-}" ] || return 0
    STORAGE_DRIVER=$(podman info -f '{{.Store.GraphDriverName}}' 2>/dev/null) || STORAGE_DRIVER=vfs
    export STORAGE_DRIVER
}

# Debian's smallest, as an image.
make_base() {
    buildah inspect localhost/tandem-base >/dev/null 2>&1 && return
    say "debootstrap $suite"
    local root
    root=$(mktemp -d)
    debootstrap --variant=minbase "$suite" "$root/base" "${MIRROR:-http://deb.debian.org/debian}" \
        >"$root/log" || { tail -n 5 "$root/log" >&2; return 1; }
    rm -rf "$root"/base/var/cache/apt/archives/*.deb
    tar -C "$root/base" -c . | podman import -q - localhost/tandem-base
    rm -rf "$root"
}

# The base, a C compiler, cmake, and this machine's toolchain.
make_builder() {
    local version sysroot container
    version=$(rustc --version | cut -d ' ' -f 2)
    builder=localhost/tandem-builder:$version
    buildah inspect "$builder" >/dev/null 2>&1 && return
    say "the builder, with Rust $version"
    sysroot=$(rustc --print sysroot)
    container=$(buildah from localhost/tandem-base)
    buildah run "$container" -- sh -c \
        'apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev cmake make ca-certificates' \
        >/dev/null
    for part in bin lib; do
        buildah copy -q "$container" "$sysroot/$part" "/usr/local/$part" >/dev/null
    done
    buildah commit -q --rm "$container" "$builder" >/dev/null
}

build() {
    local args=()
    if [ -n "${BASE:-}" ]; then args+=(--build-arg "BASE=$BASE"); fi
    if [ -n "${BUILDER:-}" ]; then args+=(--build-arg "BUILDER=$BUILDER"); fi
    # Crates that are on this machine need not be fetched again.
    local registry=${CARGO_HOME:-$HOME/.cargo}/registry
    if [ -d "$registry" ] && [ -n "$builder" ]; then
        args+=(--volume "$registry:/root/.cargo/registry")
    fi
    say "building on ${STORAGE_DRIVER}, isolation ${BUILDAH_ISOLATION}"
    buildah build --network host --ignorefile docker/Dockerfile.dockerignore \
        -f docker/Dockerfile -t "$image" "${args[@]}" .
}

# How containers start here. In a sandbox podman's own limits may be above what is allowed, and crun
# does not start on a machine that mounts both versions of cgroups, where runc does.
pick_runtime() {
    flags=(--network host --ulimit "nofile=$(ulimit -Hn):$(ulimit -Hn)" --ulimit nproc=4096:4096)
    starts && return
    if ! command -v runc >/dev/null; then
        say "installing runc, as $(podman info -f '{{.Host.OCIRuntime.Name}}') starts nothing here"
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends runc
    fi
    flags+=(--runtime runc)
    starts || { podman run --rm "${flags[@]}" --entrypoint true "$image"; return 1; }
}

starts() {
    podman run --rm "${flags[@]}" --entrypoint true "$image" 2>/dev/null
}

answers() { # path
    exec 3<>/dev/tcp/127.0.0.1/8088 || return 1
    printf 'GET %s HTTP/1.0\r\nHost: tandem\r\n\r\n' "$1" >&3
    grep -q '^HTTP/1.[01] 200' <&3
}

# The shipped office, ready, and drained by SIGTERM.
run() {
    local flags
    pick_runtime
    say "$(podman run --rm "${flags[@]}" "$image" version)"
    if podman run --rm "${flags[@]}" --entrypoint sh "$image" -c 'command -v cargo || command -v gcc'; then
        say "there is a toolchain in the image"
        return 1
    fi
    [ "$(podman run --rm "${flags[@]}" --entrypoint id "$image" -u)" != 0 ] || return 1
    local name
    name=tandem-try-$$
    podman run -d --name "$name" "${flags[@]}" "$image" >/dev/null
    local ready=no
    for _ in $(seq 60); do
        if (answers /health/ready) 2>/dev/null; then ready=yes; break; fi
        sleep 1
    done
    if [ "$ready" = no ]; then
        podman logs "$name" | tail -n 20
        podman rm -f -v "$name" >/dev/null
        say "never became ready"
        return 1
    fi
    podman stop -t 30 "$name" >/dev/null
    local code
    code=$(podman inspect -f '{{.State.ExitCode}}' "$name")
    podman rm -v "$name" >/dev/null
    say "ready, and stopped with exit code $code"
    [ "$code" = 0 ]
}

[ "$(id -u)" -eq 0 ] || { echo "docker/build.sh: run it as root" >&2; exit 1; }
need_tools
pick_storage
if [ "${1:-}" = --offline ] || ! timeout 60 podman pull -q "${BASE:-docker.io/library/debian:bookworm-slim}" >/dev/null 2>&1; then
    say "no registry: base and builder are made here"
    make_base
    make_builder
    BASE=localhost/tandem-base BUILDER=$builder
fi
build
run
say "$image is $(podman image inspect -f '{{.Size}}' "$image" | awk '{ printf "%.0f MB", $1 / 1e6 }')"
