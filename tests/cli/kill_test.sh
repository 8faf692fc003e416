#!/usr/bin/env bash
# Killed at 200 random moments, the supervisor or a worker, and gone on with: what comes of a run is
# what comes of one that nobody disturbed, times aside.
source "${BASH_SOURCE[0]%/*}/lib.bash"

search=$HEDDLE_BUILD/bin/heddle_search_cases
kills_wanted=200
RANDOM=1
cd "$work" || exit 1

# Findings and results, without times; but for names of processes that died, everything is the same.
same() {
  diff -r --exclude=checkpoint --exclude=run.json whole out &&
    diff <(grep -vE '"(seconds|executions_per_second)"' whole/run.json) \
      <(grep -vE '"(seconds|executions_per_second)"' out/run.json)
}

# disturbed COMMAND...: runs it to its end, killing something of it again and again.
disturbed() {
  local status pid child resume=()
  while true; do
    "$@" --out=out "${resume[@]}" >log 2>&1 &
    pid=$!
    while true; do
      sleep "0.$(printf '%03d' $((RANDOM % 150)))"
      kill -0 "$pid" 2>/dev/null || break
      if [ $((RANDOM % 2)) = 0 ]; then
        kill -9 "$pid" 2>/dev/null && kills=$((kills + 1))
        break
      fi
      child=$(pgrep -P "$pid" | shuf -n 1 --random-source=<(yes))
      [ -n "$child" ] && kill -9 "$child" 2>/dev/null && kills=$((kills + 1))
    done
    wait "$pid" 2>/dev/null
    status=$?
    if [ "$status" != 137 ]; then return "$status"; fi
    # What is there is whole at any moment.
    if [ -e out/run.json ]; then
      tail -c 3 out/run.json | grep -q '^}' || fail "half of a run.json: $(tail -n 3 out/run.json)"
    fi
    resume=()
    if [ -e out/checkpoint ]; then resume=(--resume); fi
  done
}

# each STATUS COMMAND...: once alone, then disturbed until there were kills enough.
each() {
  local status=$1 until=$2
  shift 2
  rm -rf whole out
  expect "$status" "$@" --out=out
  mv out whole
  while [ "$kills" -lt "$until" ]; do
    rm -rf out
    disturbed "$@"
    [ $? = "$status" ] || fail "'$*' ended otherwise after kills: $(cat log)"
    difference=$(same) || fail "'$*', killed and gone on with, gave another result: $difference"
    [ "$failures" = 0 ] || break
  done
}

kills=0
each 0 $((kills_wanted * 6 / 10)) "$HEDDLE" run '[ar]*/[a-l]*' --keep-going --executions=20000 --jobs=2
each 0 $((kills_wanted * 8 / 10)) "$HEDDLE" run 'liveness/*_fixed' --strategy=dfs --executions=30000 --jobs=2
each 1 $((kills_wanted * 9 / 10)) "$hostile" run 'hostile/race_then_crash' --keep-going --executions=200 --jobs=2
each 0 $((kills_wanted * 95 / 100)) "$search" run search/lastzero_10 --strategy=source-dpor --executions=1000000 --jobs=2
each 0 "$kills_wanted" "$search" run search/buffer_while --strategy=preemption-bounding --executions=600000 --jobs=2
[ "$kills" -ge "$kills_wanted" ] || fail "only $kills kills"

finish
