#!/usr/bin/env bash
# Installs what is missing, builds the release preset, and measures how many executions a strategy
# takes to find the deep bugs: for each of them the median and the worst over 20 seeds, and the
# seeds that missed it in the budget. What a strategy spends on learning is counted.
# Usage: ci/run-depth.sh [STRATEGY]   "default" unless given
# Environment: HEDDLE_DEPTH_SEEDS, 20 unless set.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

strategy=${1:-default}
seeds=${HEDDLE_DEPTH_SEEDS:-20}
ci/setup.sh
ci/build.sh release heddle_depth

# The executions that each seed took, or "missed".
explore() {
  local name=$1 budget=$2 seed
  for ((seed = 1; seed <= seeds; seed++)); do
    # Exit status 1 is a bug that was not found.
    { build/release/bin/heddle_depth run "$name" --strategy="$strategy" --seed="$seed" \
        --executions="$budget" --format=json || [ $? -eq 1 ]; } |
      awk '/"met":/ { met = /true/ } /"executions":/ { print met ? $2 + 0 : "missed" }'
  done
}

measure() {
  explore "$@" | sort -n | awk -v name="$1" '
    /missed/ { ++missed; next }
    { found[++count] = $1 }
    END {
      middle = int((count + missed + 1) / 2)
      printf "%-34s %10s %10s %8d\n", name, (middle > count ? "none" : found[middle]),
             (count > 0 ? found[count] : "none"), missed
    }'
}

printf '%-34s %10s %10s %8s\n' "executions, $strategy, $seeds seeds" median worst missed
measure atomicity/reorder_many 20000
measure atomicity/two_stage_many 20000
measure memory_order/work_stealing_deque 20000
measure depth/safe_stack 4000000
