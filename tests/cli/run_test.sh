#!/usr/bin/env bash
# What a run prints and writes, its exit statuses, and that it needs no more memory when everything
# fails.
source "${BASH_SOURCE[0]%/*}/lib.bash"

expect 0 "$hostile" run hostile/clean "--out=$work/out"
says "hostile/clean" "clean" "nothing" "ok (complete)" "1 of 1 case met the expectation"
if grep -q $'\033' <<<"$output"; then fail "colours without a terminal: $output"; fi
if grep -q $'\r' <<<"$output"; then fail "a progress line without a terminal: $output"; fi

expect 0 "$hostile" run hostile/deadlock --seed=7 --format=json "--out=$work/out"
cp "$work/out/run.json" "$work/run.json"
[ "$(cat "$work/run.json")" = "$output" ] || fail "--format=json differs from run.json"
for field in '"version": 1' '"seed": 7' '"strategy": "default"' '"build": "' \
  '"name": "hostile/deadlock"' '"expected": [' '"met": true' '"executions": ' '"seconds": ' \
  '"executions_per_second": ' '"kind": "deadlock"' '"fingerprint": "' '"first_execution": ' \
  '"preemptions": ' '"directory": "findings/'; do
  says "$field"
done

# The same seed finds the same things after as many executions; each run replaces the last one's files.
expect 0 "$hostile" run hostile/deadlock --seed=7 --strategy=random "--out=$work/out"
grep -E '"(executions|fingerprint|first_execution)"' "$work/out/run.json" >"$work/first"
expect 0 "$hostile" run hostile/deadlock --seed=7 --strategy=random "--out=$work/out"
grep -E '"(executions|fingerprint|first_execution)"' "$work/out/run.json" >"$work/second"
cmp -s "$work/first" "$work/second" || fail "the same seed gave another run"
expect 0 "$hostile" run hostile/clean "--out=$work/out"
if compgen -G "$work/out/findings/*" >/dev/null; then fail "an earlier run's findings are left"; fi

# What is not of an earlier run is left as it was.
mkdir -p "$work/mine/findings/notes" && touch "$work/mine/findings/y" "$work/mine/findings/notes/todo"
mkdir "$work/mine/findings/empty" && ln -s "$work/out" "$work/mine/findings/link"
for file in finding.json report.txt schedule.txt schedule.txt.tmp; do
  for folder in my_notes 0123456789abcde 0123456789abcdef0 0123456789ABCDEF 0123456789abcdef-mine; do
    mkdir -p "$work/mine/findings/$folder" && touch "$work/mine/findings/$folder/$file"
  done
  mkdir -p "$work/mine/findings/0123456789abcdef-2" && touch "$work/mine/findings/0123456789abcdef-2/$file"
done
cp -r "$work/mine/findings" "$work/before"
rm -r "$work/before/0123456789abcdef-2"
expect 0 "$hostile" run hostile/clean "--out=$work/mine"
diff -r "$work/before" "$work/mine/findings" || fail "a run removed what is not of a run"
for left in y notes/todo empty link/run.json; do
  [ -e "$work/mine/findings/$left" ] || fail "a run removed findings/$left, which is not of a run"
done

# Results that nobody gets are an error, whatever was found.
for arguments in list "list --format=json" "list --strategies" --help "run --help" \
  "run hostile/clean" "run hostile/never_deadlocks --executions=10 --format=json"; do
  # shellcheck disable=SC2086
  expect 3 bash -c 'exec "$@" >/dev/full' _ "$hostile" $arguments
  says "cannot write the results to standard output: No space left on device"
done

# A strategy that samples never completes.
for case in clean deadlock; do
  expect 2 "$hostile" run "hostile/$case" --strategy=random --require-complete "--out=$work/none"
  says "--require-complete: strategy 'random' samples and never knows" "Expected one of default, " \
    "dfs, dpor, "
  [ ! -e "$work/none" ] || fail "bad options left an output folder"
done
expect 4 "$hostile" run hostile/clean --executions=1 --require-complete
says "not complete: hostile/clean (depth-first: 1 execution of about" "; raise --executions or --time"
expect 4 "$hostile" run hostile/clean --executions=1 --require-complete --format=json
says "not complete: hostile/clean (depth-first"
expect 4 "$hostile" run hostile/clean --strategy=preemption-bounding:bound=0 --require-complete
says "ok (complete up to 0 preemptions)" "all with up to 0 preemptions); raise the strategy's bound"
expect 4 "$hostile" run hostile/clean --strategy=delay-bounding --executions=1 --require-complete
says "not complete: hostile/clean (delay-bounding: 1 execution" "; raise --executions or --time"
expect 0 "$hostile" run hostile/clean --strategy=preemption-bounding --require-complete
says "ok (complete)"
expect 0 "$hostile" run hostile/clean --strategy=dfs --executions=1
says "not complete: hostile/clean (depth-first: 1 execution of about"
expect 0 "$hostile" run hostile/clean --strategy=random --executions=50
expect 0 "$hostile" run hostile/clean --strategy=dfs --require-complete
expect 0 timeout 10 "$hostile" run hostile/clean --strategy=random --time=300ms
# What further executions would show is estimated of samples only.
for strategy in random default; do
  expect 0 "$hostile" run hostile/prints "--strategy=$strategy" --executions=2 "--out=$work/out"
  grep -q '"unseen": ' "$work/out/run.json" || fail "$strategy: no estimate of what is unseen"
done
for strategy in dfs dpor source-dpor preemption-bounding delay-bounding; do
  expect 0 "$hostile" run hostile/clean "--strategy=$strategy" --executions=1 "--out=$work/out"
  says "1 execution showed 1 different order of events and "
  if grep -qE "further|more than once" <<<"$output"; then fail "$strategy is no sample: $output"; fi
  if grep -q '"unseen"' "$work/out/run.json"; then fail "$strategy: an estimate of what is unseen"; fi
done
expect 0 "$hostile" run hostile/clean --strategy=dfs "--out=$work/out" && says ": all there are"
grep -q '"unseen": 0' "$work/out/run.json" || fail "something is unseen by a complete search"

# An expected finding that is not found.
expect 1 "$hostile" run hostile/never_deadlocks --strategy=random --executions=10
says "expected deadlock, which was not found" "FAIL"

# 200,000 failures: no growth of file descriptors or memory (2 KiB lost in each would be 400 MiB).
expect 0 bash -c "ulimit -n 64; ulimit -d 3000000; exec '$hostile' run hostile/always_deadlocks --strategy=random \
  --keep-going --executions=200000"
says "200000"

# One empty line at a time, before a report, between a report and the next row, before the summary.
expect 1 "$hostile" run 'hostile/throws*'
if [ "$(cat -s <<<"$output")" != "$output" ]; then fail "two empty lines in: $output"; fi

# What this build cannot judge names the one that can.
expect 0 "$HEDDLE" run race/double_checked_init_plain
says "skipped: " "ci/run-cases.sh --sanitizer=thread"

# Ctrl-C keeps what was found.
"$hostile" run hostile/always_deadlocks --strategy=random --keep-going --time=60s "--out=$work/int" \
  >"$work/int.log" 2>&1 &
pid=$!
sleep 3
kill -INT "$pid"
wait "$pid"
grep -q '"interrupted"' "$work/int/run.json" && grep -q '"deadlock"' "$work/int/run.json" || fail "no run.json after an interrupt: $(cat "$work/int.log")"
[ ! -e "$work/int/.lock" ] || fail "an interrupted run left its lock"

# Of a finding's files, --resume writes again what is missing or damaged and can be made: of a case
# that had ended, and of one in the midst of which the run was interrupted.
mended() {
  local folder=$1 report schedule
  report=$(echo "$folder"/findings/*/report.txt)
  schedule=$(echo "$folder"/findings/*/schedule.txt)
  [ -f "$report" ] && [ -f "$schedule" ] || fail "expected one finding in $folder: $report"
  cp -r "$folder" "$folder.whole"
  rm "$report"
  echo "damaged" >>"$schedule"
  shift
  timeout -s INT 1 "$@" "--out=$folder" --resume >/dev/null 2>&1
  diff -r "$folder.whole/findings" "$folder/findings" || fail "'$*' --resume mended nothing"
}
expect 1 "$hostile" run hostile/null_pointer --executions=10 "--out=$work/ended"
mended "$work/ended" "$hostile" run hostile/null_pointer --executions=10
begun=("$HEDDLE" run race/lost_update --strategy=random --keep-going --executions=1000000000)
timeout -s INT 3 "${begun[@]}" "--out=$work/begun" >/dev/null 2>&1
mended "$work/begun" "${begun[@]}"

# One run at a time in a folder. One that was killed does not keep the next one out, even where a
# process that its program made is left.
HOSTILE_FORKED=$work/forked "$hostile" run hostile/forks --time=60s --strategy=random \
  "--out=$work/shared" >/dev/null 2>&1 &
pid=$!
for _ in {1..1000}; do
  [ -s "$work/forked" ] && [ -e "$work/shared/checkpoint" ] && break
  sleep 0.01
done
for arguments in hostile/clean "hostile/forks --time=60s --strategy=random --resume"; do
  # shellcheck disable=SC2086
  expect 2 "$hostile" run $arguments "--out=$work/shared"
  says "--out: another run (process $pid) writes to '$work/shared'" "wait for its end"
done
kill -9 "$pid"
wait "$pid" 2>/dev/null
expect 0 "$hostile" run hostile/clean "--out=$work/shared" && says "1 of 1 case met the expectation"
kill "$(cat "$work/forked")" || fail "the program's process was not left"
[ ! -e "$work/shared/.lock" ] || fail "a run left its lock"

finish
