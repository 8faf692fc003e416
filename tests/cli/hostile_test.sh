#!/usr/bin/env bash
# Cases that crash, hang, exit, exhaust or deceive: each is a finding with a report, status 1, and the
# run goes on to its end.
source "${BASH_SOURCE[0]%/*}/lib.bash"

# Under a name of this test's own: other tests run the same program at the same time.
ln -s "$hostile" "$work/hostile_cases"
hostile=$work/hostile_cases

# misdeed CASE KIND TEXT...: running CASE reports KIND, and the report contains each text.
options=()
misdeed() {
  local name=hostile/$1 kind=$2
  shift 2
  expect 1 "$hostile" run "$name" "--out=$work/out" "${options[@]}" || return
  says "FAIL" "$kind" "$@"
  grep -qF "\"kind\": \"$kind\"" "$work/out/run.json" || fail "$name: no $kind in run.json"
  local folder
  for folder in "$work"/out/findings/*/; do
    for file in finding.json schedule.txt report.txt; do
      [ -s "$folder$file" ] || fail "$name: $folder$file is missing or empty"
    done
  done
}

misdeed throws exception "thrown on purpose" hostile_cases.cc
misdeed throws_noexcept exception hostile_cases.cc "was about to leave a noexcept function" \
  "is noexcept"
misdeed aborts crash "called abort" "last words of the program"
misdeed exits crash "called exit(0)" hostile_cases.cc
misdeed exits_at_once crash "status 3"
misdeed unlocks_and_exits crash "status 3" "unlock of a mutex that is not locked" \
  "SUMMARY: heddle: misuse tests/cli/hostile_cases.cc"
misdeed killed crash "SIGKILL"
misdeed terminated crash "signal 15"
misdeed overflows_stack crash "stack overflow" "256 KiB" "Recurse"
misdeed races_and_is_killed crash SIGKILL "data race on shared"
misdeed null_pointer crash "null pointer" hostile_cases.cc
crash_line=$(grep -n "// the crash$" "${BASH_SOURCE[0]%/*}/hostile_cases.cc" | cut -d: -f1)
misdeed null_member crash "null pointer" "hostile_cases.cc:$crash_line"
misdeed divides_by_zero crash "division by zero" hostile_cases.cc
misdeed hangs timeout "no scheduling point" hostile_cases.cc
options=(--step-timeout=1s)  # one such wait of the usual length will do
misdeed blocks_on_std_mutex timeout "a std::mutex" hostile_cases.cc
misdeed waits_for_real timeout "a real sleep" hostile_cases.cc
options=()
misdeed starts_std_thread misuse "use heddle::Thread" hostile_cases.cc
misdeed starts_std_async misuse "use heddle::Thread" hostile_cases.cc
misdeed swallows_pthread_exit misuse "catch (...)" hostile_cases.cc
misdeed exhausts_memory crash "memory"
says "memory exhausted" ", 1 finding;"
misdeed ten_thousand_threads misuse "2000 threads"
misdeed uses_rand nondeterminism
misdeed uses_time nondeterminism
misdeed keeps_state nondeterminism
misdeed closes_descriptors crash "closed file descriptors that are not its own"
misdeed writes_to_descriptors crash "wrote to file descriptors that are not its own"
options=(--jobs=2 --keep-going)  # into the pipes of the others, too
misdeed writes_to_descriptors crash "wrote to file descriptors that are not its own"
options=()
misdeed keeps_memory nondeterminism "free it at the end of the" "make it before main"

# What lies on a stack that has ended makes no case nondeterministic.
expect 1 "$hostile" run hostile/outlives_stack
says "FAIL"
if grep -q "not a function of its schedule" <<<"$output"; then fail "called nondeterministic: $output"; fi

# Nor does the program end with a process that it has forked.
expect 0 "$hostile" run hostile/children_end
says "ok (complete)"
for name in stores throws terminates starts_thread ends_thread ends_check; do
  expect 0 "$hostile" run "hostile/child_$name" "--out=$work/out" --strategy=dfs
  says "ok (complete)"
done

# A hang is not run twice, so that it is told even where the time is up meanwhile.
expect 1 "$hostile" run hostile/hangs --time=1s --step-timeout=3s
says "FAIL" "no scheduling point"

# What a program prints does not mix with the command's own output.
expect 0 "$hostile" run hostile/prints --executions=100
if grep -q "nobody wants" <<<"$output"; then fail "the case's output is in the command's: $output"; fi

# Nothing that was found is lost when a later execution kills the worker.
expect 1 "$hostile" run hostile/race_then_crash --keep-going --executions=200 "--out=$work/out"
says "data-race" "crash"

# One hostile case does not keep the others from running.
expect 1 "$hostile" run 'hostile/[aenc]*' --executions=100
says "hostile/clean" "hostile/null_pointer" "hostile/exits"

# No process is left behind.
if pgrep -f "$hostile" >/dev/null; then fail "a worker survived: $(pgrep -af "$hostile")"; fi

finish
