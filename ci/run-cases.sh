#!/usr/bin/env bash
# Installs what is missing, builds, and runs every case under controlled schedules.
# Results are in out/ (run.json and a folder per finding); exit status 0 when every case met its
# expectation. Usage: ci/run-cases.sh [--sanitizer=thread] [arguments of `heddle run`]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=release
out=(--out=out)
arguments=()
for argument in "$@"; do
  case "$argument" in
    -h | --help)
      sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' ci/run-cases.sh
      echo "The arguments of \`heddle run\` are told by: build/release/bin/heddle run --help"
      exit 0
      ;;
    --sanitizer=thread) preset=tsan ;;
    --sanitizer=*)
      echo "run-cases: error: unknown ${argument}; expected --sanitizer=thread" >&2
      exit 2
      ;;
    --out | --out=*) out=(); arguments+=("$argument") ;;
    *) arguments+=("$argument") ;;
  esac
done

if [ "$preset" = tsan ]; then ci/setup.sh tsan; else ci/setup.sh; fi
ci/build.sh "$preset" heddle
command=("build/$preset/bin/heddle" run "${out[@]}" "${arguments[@]}")
echo "run-cases: ${command[*]}"
exec "${command[@]}"
