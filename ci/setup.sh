#!/usr/bin/env bash
# Installs the Debian packages that building and testing Heddle needs, if any is missing.
# Debian 12 and Ubuntu 24.04, as root or with sudo. With nothing missing it takes well under a second.
# Usage: ci/setup.sh [GROUP...]   groups: build (default), tests, tsan
set -euo pipefail

readonly build_packages=(g++ cmake ninja-build ccache libabsl-dev libcli11-dev nlohmann-json3-dev
                         libdw-dev libelf-dev libgtest-dev libgmock-dev libbenchmark-dev)
readonly test_packages=(valgrind)
readonly tsan_packages=(clang-19 libclang-rt-19-dev)

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: error: %s\n' "$*" >&2; exit 1; }

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

has_candidate() {
  [[ "$(LC_ALL=C apt-cache policy "$1" 2>/dev/null)" =~ Candidate:\ [^\(] ]]
}

# Sets `missing` to the packages of `wanted` that are not installed.
find_missing() {
  local package
  missing=()
  for package in "${wanted[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
}

update_lists() {
  say "updating the package lists (apt-get update)"
  "${as_root[@]}" apt-get update -qq || die "apt-get update failed; is the network reachable?"
}

install_packages() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends -o DPkg::Lock::Timeout=120 "$@" >"$log" 2>&1
}

wanted=("${build_packages[@]}")
for group in "$@"; do
  case "$group" in
    build) ;;
    tests) wanted+=("${test_packages[@]}") ;;
    tsan) wanted+=("${tsan_packages[@]}") ;;
    *) die "unknown group '$group'; expected build, tests or tsan" ;;
  esac
done

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
  die "this system has no apt-get; install the equivalents of: ${wanted[*]}"

find_missing
if [ ${#missing[@]} -eq 0 ]; then
  say "all ${#wanted[@]} packages are installed"
  exit 0
fi
say "missing: ${missing[*]}"

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null ||
    die "cannot install ${missing[*]}: not root, and there is no sudo; install them as root"
  as_root=(sudo)
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT

updated=no
for package in "${missing[@]}"; do
  if ! has_candidate "$package"; then
    update_lists
    updated=yes
    break
  fi
done
for package in "${missing[@]}"; do
  has_candidate "$package" ||
    die "package '$package' is in none of this system's package sources" \
        "(Debian 12 and Ubuntu 24.04 with 'universe' have it)"
done

say "installing: ${missing[*]}"
if ! install_packages "${missing[@]}" && [ "$updated" = no ]; then
  update_lists # the lists were old: they named versions that are gone
  install_packages "${missing[@]}" || true
fi

find_missing
if [ ${#missing[@]} -gt 0 ]; then
  tail -n 15 "$log" >&2
  die "could not install: ${missing[*]}"
fi
say "done"
