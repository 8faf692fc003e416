#!/usr/bin/env bash
# Configures and builds one preset into build/<preset>/.
# Usage: ci/build.sh PRESET [TARGET...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=$1
shift
targets=()
[ $# -eq 0 ] || targets=(--target "$@")

echo "build: preset $preset in build/$preset"
if ! output=$(cmake --preset "$preset" 2>&1); then
  printf '%s\n' "$output" >&2
  echo "build: error: configuring preset $preset failed" >&2
  exit 1
fi
cmake --build --preset "$preset" "${targets[@]}" || {
  echo "build: error: building preset $preset failed" >&2
  exit 1
}
