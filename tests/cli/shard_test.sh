#!/usr/bin/env bash
# A run in shards, merged, is the run in one process, times aside; folders that do not belong together
# are refused, and nothing is overwritten.
source "${BASH_SOURCE[0]%/*}/lib.bash"
search=$HEDDLE_BUILD/bin/heddle_search_cases
cd "$work" || exit 1

untimed() { grep -vE '"(seconds|executions_per_second)"' "$1/run.json"; }

# merged N STATUS COMMAND...: the run whole, and in N shards.
merged() {
  local count=$1 status=$2 i shards=()
  shift 2
  rm -rf whole out shard.*
  expect "$status" "$@" --out=out
  mv out whole
  for ((i = 1; i <= count; ++i)); do
    timeout 120 "$@" "--shard=$i/$count" "--out=shard.$i" >log 2>&1
    [ $? -le "$status" ] || fail "'$* --shard=$i/$count': $(cat log)"
    grep -q "shard $i/$count" log || fail "shard $i/$count is not named: $(cat log)"
    shards=("shard.$i" "${shards[@]}")
  done
  expect "$status" "$1" merge "${shards[@]}" --out=out
  diff -r --exclude=checkpoint --exclude=run.json whole out || fail "'$*' in $count shards: other findings"
  diff <(untimed whole) <(untimed out) || fail "'$*' in $count shards: another run.json"
}

merged 3 0 "$HEDDLE" run 'a*' --strategy=random --keep-going --executions=2000
merged 2 0 "$HEDDLE" run 'race/*' --executions=6000
merged 3 0 "$HEDDLE" run 'liveness/*' --strategy=dfs --executions=3000
merged 4 0 "$HEDDLE" run 'atomicity/[a-qs]*' --strategy=pct:depth=2 --executions=3000 --seed=5
merged 2 1 "$hostile" run 'hostile/[rd]*' --keep-going --executions=300 --strategy=random
merged 2 1 "$hostile" run 'hostile/never_deadlocks' --strategy=random --executions=1000
says "expected deadlock, which was not found"
merged 3 0 "$search" run search/not_judged_6 --strategy=random --executions=2000
says " histories were not judged" " histories not judged"
grep -q '"not_judged": [1-9]' out/run.json || fail "all histories were judged"

# Where there is one machine only, its share is the run.
rm -rf ./*
for strategy in random dfs; do
  expect 0 "$HEDDLE" run 'race/*' --strategy=$strategy --keep-going --executions=500 --shard=1/1 --out=out
  mv out whole
  expect 0 "$HEDDLE" merge whole --out=out
  diff -r --exclude=checkpoint whole out || fail "the only shard, by $strategy, is not what it was"
  rm -rf ./*
done
(timeout -s KILL 0.5 "$HEDDLE" run race/lost_update --strategy=random --keep-going \
  --executions=100000000 --shard=1/1 --out=cut) >/dev/null 2>&1
expect 2 "$HEDDLE" merge cut --out=out && says "the run in 'cut' has not come to its end" "--resume"

# What does not belong together.
run=("$HEDDLE" run race/lost_update --strategy=random --executions=1000)
rm -rf ./*
expect 0 "${run[@]}" --out=whole
expect 0 "${run[@]}" --shard=1/2 --out=one
expect 0 "${run[@]}" --shard=2/2 --out=two
expect 0 "${run[@]}" --shard=1/3 --out=third
expect 0 "${run[@]}" --shard=2/2 --seed=2 --out=seed
expect 0 "$HEDDLE" run race/lost_update --strategy=pct --executions=1000 --shard=2/2 --out=strategy
expect 0 "$HEDDLE" run race/lost_update_fixed --strategy=random --executions=1000 --shard=2/2 --out=cases
expect 0 "$hostile" run hostile/clean --strategy=random --executions=1000 --shard=2/2 --out=build
mkdir empty out
touch out/mine
expect 2 "$HEDDLE" merge one --out=out && says "shard 2/2 is missing" "all 2"
expect 2 "$HEDDLE" merge one one --out=out && says "shard 1/2 in 'one' is there twice"
expect 2 "$HEDDLE" merge one whole --out=out && says "'whole' is whole" "without --shard"
expect 2 "$HEDDLE" merge one third --out=out && says "one of 3" "one of 2"
expect 2 "$HEDDLE" merge one seed --out=out && says "not of one run" "--seed=1" "--seed=2"
expect 2 "$HEDDLE" merge one strategy --out=out && says "not of one run" "--strategy=random"
expect 2 "$HEDDLE" merge one cases --out=out && says "not of one run" "other cases"
expect 2 "$HEDDLE" merge one build --out=out && says "not of one run" "build"
expect 2 "$HEDDLE" merge one empty --out=out && says "empty/checkpoint" "No such file"
expect 2 "$HEDDLE" merge one two --out=two && says "--out: 'two' is the folder of a shard"
expect 2 "$HEDDLE" merge one two && says "--out"
expect 2 "$HEDDLE" merge --out=out && says "DIR"
cp -r two damaged && head -c 80 two/checkpoint >damaged/checkpoint
expect 2 "$HEDDLE" merge one damaged --out=out && says "damaged"
[ "$(ls out)" = mine ] || fail "a refused merge wrote: $(ls out)"
expect 0 "$HEDDLE" merge one two --out=out && says "1 of 1 case met the expectation"
for i in 1 2; do
  expect 0 "$HEDDLE" run race/lost_update_fixed --strategy=random --executions=1000 --shard=$i/2 --out=fixed.$i
done
expect 4 "$HEDDLE" merge fixed.1 fixed.2 --out=fixed --require-complete && says "not complete"

# A shard that was killed is gone on with first.
for i in 1 2; do
  (timeout -s KILL 0.5 "$HEDDLE" run race/lost_update --strategy=random --keep-going \
    --executions=100000000 "--shard=$i/2" "--out=cut.$i") >/dev/null 2>&1
done
expect 2 "$HEDDLE" merge cut.1 cut.2 --out=out
says "shard 1/2 in 'cut.1' has not come to its end: 0 of 1 cases" "--resume"

# Impossible shards, and the variables that say which shard this is.
for shard in 0/0 0/2 3/2 x/y 1 1/ /2 -1/2 1/2/3; do
  expect 2 "${run[@]}" "--shard=$shard" --out=bad && says "--shard: expected i/n" "'$shard'"
done
[ -e bad ] && fail "an impossible shard made a folder"
expect 2 "$HEDDLE" run race/lost_update --strategy=dfs --shard=1/2 --require-complete && says "heddle merge --require-complete"
expect 0 env GTEST_TOTAL_SHARDS=3 GTEST_SHARD_INDEX=1 "${run[@]}"
says "shard 2/3, from GTEST_SHARD_INDEX and GTEST_TOTAL_SHARDS"
expect 0 env TEST_TOTAL_SHARDS=2 TEST_SHARD_INDEX=0 TEST_SHARD_STATUS_FILE="$work/status" "${run[@]}"
says "shard 1/2, from TEST_SHARD_INDEX and TEST_TOTAL_SHARDS"
[ -e status ] || fail "TEST_SHARD_STATUS_FILE was not touched"
expect 0 env JOB_COMPLETION_INDEX=4 JOB_COMPLETIONS=5 "${run[@]}"
says "shard 5/5, from JOB_COMPLETION_INDEX and JOB_COMPLETIONS"
expect 0 env SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_STEP=2 SLURM_ARRAY_TASK_COUNT=4 "${run[@]}"
says "shard 3/4, from SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT"
expect 2 env GTEST_TOTAL_SHARDS=3 GTEST_SHARD_INDEX=3 "${run[@]}" && says "GTEST_SHARD_INDEX=3"
expect 2 env JOB_COMPLETION_INDEX=0 "${run[@]}" && says "JOB_COMPLETIONS is not"
expect 0 env GTEST_TOTAL_SHARDS=3 GTEST_SHARD_INDEX=3 "${run[@]}" --shard=1/1

finish
