#!/usr/bin/env bash
# Installs what is missing, builds, and runs all tests:
#   release      g++ (or CXX), every test
#   asan-ubsan   clang++-19, which takes half as long as g++ for it; unit and model tests and the
#                catalogue again, the harness instrumented
#   tsan         clang++-19; unit and model tests and the catalogue under ThreadSanitizer
# One run of ctest covers the three, so its closing summary counts every test.
# Usage: ci/run-tests.sh [arguments of ctest]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

ci/setup.sh tests tsan
presets=(release asan-ubsan tsan)
ci/build.sh release
ci/build.sh asan-ubsan heddle_unit_tests heddle_model_tests heddle_conformance_tests
ci/build.sh tsan heddle_unit_tests heddle_model_tests heddle_conformance_tests

mkdir -p build/all
for preset in "${presets[@]}"; do
  printf 'subdirs("../%s")\n' "$preset"
done >build/all/CTestTestfile.cmake
exec ctest --test-dir build/all --output-on-failure --no-tests=error -j2 "$@"
