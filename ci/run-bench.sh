#!/usr/bin/env bash
# Installs what is missing, builds the release preset, runs the benchmarks, prints their table and
# writes out/bench.json. Usage: ci/run-bench.sh [arguments of Google Benchmark]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

ci/setup.sh
ci/build.sh release heddle_bench
mkdir -p out
exec build/release/bin/heddle_bench --benchmark_out=out/bench.json \
  --benchmark_out_format=json --benchmark_counters_tabular=true "$@"
