#!/usr/bin/env bash
# Complete search from the command line: what it counts, what it proves, and what it says of it.
source "${BASH_SOURCE[0]%/*}/lib.bash"
search=$HEDDLE_BUILD/bin/heddle_search_cases

# counts CASE STRATEGY EXECUTIONS: it is searched completely in so many.
counts() {
  expect 0 "$search" run "search/$1" "--strategy=$2" --executions=1000000 --require-complete \
    "--out=$work/out" || return
  says "ok (complete)"
  grep -qF "\"executions\": $3," "$work/out/run.json" ||
    fail "$1 under $2: expected $3 executions, found $(grep '"executions":' "$work/out/run.json")"
}

counts lastzero_10 dpor 3328
counts lastzero_12 dpor 15360
counts readers_12 dpor 4096
counts indexer_12 dpor 8
counts indexer_14 dpor 512

# Where a tool that knows no condition variables, or no deadlocks, stays silent.
for strategy in dpor source-dpor dfs default; do
  expect 0 "$search" run search/philosophers_5 "--strategy=$strategy"
  says "deadlock" "ok"
  expect 0 "$search" run search/lost_wakeup "--strategy=$strategy"
  says "stuck" "ok"
  expect 0 "$search" run search/buffer_if "--strategy=$strategy"
  says "assertion" "ok"
done
expect 0 "$search" run search/buffer_while --strategy=dpor --executions=1000000 --require-complete
says "ok (complete)"

finish
