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

# What goes on behind the step limit is known up to it by depth-first search only.
expect 4 "$search" run search/buffer_while --strategy=dfs --max-steps=14 --executions=1000000 \
  --require-complete
says "ok (complete up to 14 steps)" "longer than the step limit of 14" "raise --max-steps"
expect 4 "$search" run search/buffer_while --strategy=dpor --max-steps=14 --executions=1000000 \
  --require-complete
says "longer than the step limit of 14" "raise --max-steps"

# Where nothing is left when the time is up, the search is complete.
for strategy in dfs dpor default; do
  expect 0 "$search" run search/slow "--strategy=$strategy" --time=1s --require-complete
  says "ok (complete)"
done

# Histories that were not judged are no findings, and prove nothing.
not_judged=("$search" run search/not_judged_6 --executions=20000)
for strategy in dpor source-dpor dfs preemption-bounding:bound=9; do
  expect 4 "${not_judged[@]}" "--strategy=$strategy" --require-complete "--out=$work/judged.1" --jobs=1
  says " histories were not judged: too many calls overlap; make fewer threads or calls" \
    "0 findings" " histories not judged" "not complete: search/not_judged_6" \
    "; histories were not judged: make fewer threads or calls"
  if grep -qF "ok (complete" <<<"$output"; then fail "$strategy: called complete: $output"; fi
  expect 0 "${not_judged[@]}" "--strategy=$strategy" "--out=$work/judged.2" --jobs=2
  diff <(grep -vE '"(seconds|executions_per_second)"' "$work/judged.1/run.json") \
    <(grep -vE '"(seconds|executions_per_second)"' "$work/judged.2/run.json") ||
    fail "$strategy: two jobs count otherwise"
  [ "$strategy" != dpor ] || grep -qF '"not_judged": 120,' "$work/judged.2/run.json" ||
    fail "of 720 executions, those that were not judged: $(cat "$work/judged.2/run.json")"
done

# Killed and gone on with at its last checkpoint, it counts what an undisturbed search counts.
interrupted() {
  local case=$1 strategy=$2 status=$3 out=$work/$1.$2 pid try=0
  expect "$status" "$search" run "search/$case" "--strategy=$strategy" --executions=1000000 --jobs=2 \
    --require-complete "--out=$out.whole" || return
  "$search" run "search/$case" "--strategy=$strategy" --executions=1000000 --jobs=1 "--out=$out" \
    >/dev/null 2>&1 &
  pid=$!
  until [ -e "$out/checkpoint" ] || [ $((try += 1)) -gt 2000 ]; do sleep 0.005; done
  kill -9 "$pid"
  wait "$pid" 2>/dev/null
  [ -e "$out/run.json" ] && fail "$case under $strategy: it had ended when it was killed"
  expect "$status" "$search" run "search/$case" "--strategy=$strategy" --executions=1000000 --jobs=1 \
    --require-complete "--out=$out" --resume || return
  diff <(grep -vE '"(seconds|executions_per_second)"' "$out.whole/run.json") \
    <(grep -vE '"(seconds|executions_per_second)"' "$out/run.json") ||
    fail "$case under $strategy: gone on with, it counts otherwise"
}
interrupted lastzero_15 dpor 0
interrupted lastzero_12 source-dpor 0
interrupted buffer_while preemption-bounding 0
interrupted not_judged_8 dpor 4
grep -qF '"not_judged": 5040,' "$work/not_judged_8.dpor/run.json" ||
  fail "not_judged_8: $(cat "$work/not_judged_8.dpor/run.json")"

# told FIELD FILE: the value of the first such field.
told() { grep -m 1 "\"$1\": " "$2" | tr -dc 0-9; }

# Ctrl-C: every line tells of the same executions, and the rest is made by going on.
stopped() {
  local case=$1 strategy=$2 out=$work/stopped.$2 pid log
  log=$out.log
  "$search" run "search/$case" "--strategy=$strategy" --executions=1000000 --jobs=2 "--out=$out" \
    >"$log" 2>&1 &
  pid=$!
  for _ in {1..2000}; do
    [ -e "$out/checkpoint" ] && break
    sleep 0.005
  done
  sleep 0.25
  kill -INT "$pid"
  wait "$pid"
  output=$(cat "$log")
  executions=$(told executions "$out/run.json")
  says "note: interrupted" "$executions executions showed " \
    "interrupted; the same command with --resume goes on"
  grep -q "^search/$case .* $executions " "$log" || fail "another number in the table: $output"
  [ "$(grep -c "\"executions\": $executions" "$out/run.json")" = 2 ] ||
    fail "another number in the coverage: $(cat "$out/run.json")"
  if grep -q "raise" "$log"; then fail "$strategy: an interrupted run lacks no budget: $output"; fi
}
for strategy in dfs dpor source-dpor; do
  stopped lastzero_15 "$strategy"
  says ": $executions executions" "); interrupted"
done
stopped lastzero_15 random
stopped lastzero_15 default
expect 0 "$search" run search/lastzero_15 --strategy=dpor --executions=1000000 --jobs=1 \
  --require-complete "--out=$work/stopped.dpor" --resume
diff <(grep -vE '"(seconds|executions_per_second)"' "$work/lastzero_15.dpor.whole/run.json") \
  <(grep -vE '"(seconds|executions_per_second)"' "$work/stopped.dpor/run.json") ||
  fail "stopped and gone on with, it counts otherwise"

finish
