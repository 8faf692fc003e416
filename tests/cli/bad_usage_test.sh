#!/usr/bin/env bash
# Wrong command lines: each ends with status 2 and says what was wrong and what was expected.
source "${BASH_SOURCE[0]%/*}/lib.bash"

expect 2 "$hostile" && says "list" "run" "replay" "minimize" "explain"
expect 2 "$hostile" rum && says "rum" "did you mean run"
expect 2 "$hostile" run hostile/deadlok && says "no case matches 'hostile/deadlok'" "hostile/deadlock"
expect 2 "$hostile" run deadlock && says "hostile/deadlock"
expect 2 "$hostile" list 'nothing/*' && says "no case matches 'nothing/*'"
expect 2 "$hostile" run --strateg=pct && says "--strateg" "did you mean --strategy"
expect 2 "$hostile" run hostile/hangs hostile/exits hostile/clean
says "not expected: hostile/exits hostile/clean; \`run\` takes one CASE-GLOB, in quotes"
expect 2 "$hostile" replay out/a out/b && says "not expected: out/b; \`replay\` takes one TARGET"
expect 2 "$hostile" run --bogus && says "--bogus"
if grep -q "did you mean" <<<"$output"; then fail "--bogus is like no option: $output"; fi
expect 2 "$hostile" run --strategy=best && says "--strategy" "best" "random"
expect 2 "$hostile" run --strategy=pct:depht=3 && says "depht"
expect 2 "$hostile" run --strategy=preemption-bounding:bound=few
says "'bound' of strategy 'preemption-bounding': expected an integer from 0 to 1000, found 'few'"
expect 2 "$hostile" run --executions=many && says "--executions" "'many' is not a whole number"
expect 2 "$hostile" run --executions=0 && says "--executions"
expect 2 "$hostile" run --executions=-5 && says "--executions"
expect 2 "$hostile" run --executions=99999999999999999999999
says "--executions" "is too large; the largest allowed is 18446744073709551615"
expect 2 "$hostile" run --seed=x && says "--seed"
expect 2 "$hostile" run --time=10 && says "--time" "10s"
expect 2 "$hostile" run --time=0s && says "--time" "must be more than 0"
expect 2 "$hostile" run --step-timeout=0 && says "--step-timeout" "must be more than 0"
expect 2 "$hostile" run --max-steps=1000000 && says "--max-steps" "250000"
expect 2 "$hostile" run --memory-model=c++20 && says "--memory-model" "expected sc"
expect 2 "$hostile" run --strategy= && says "--strategy: a value is missing"
# An empty value takes nothing from what comes behind it.
mkdir "$work/here"
cd "$work/here" || exit
for option in executions explain format jobs max-steps memory-model minimize out seed shard spurious \
  step-timeout strategy time timeouts; do
  for argument in hostile/clean --jobs=1 --keep-going; do
    expect 2 "$hostile" run "--$option=" "$argument" && says "--$option: a value is missing"
  done
  expect 2 "$hostile" run hostile/clean "--$option" "" && says "--$option: a value is missing"
done
for subcommand in minimize explain; do
  expect 2 "$hostile" "$subcommand" --executions= out/a && says "--executions: a value is missing"
done
expect 2 "$hostile" replay --schedule= hostile/clean && says "--schedule: a value is missing"
expect 2 "$hostile" replay --step-timeout= out/a && says "--step-timeout: a value is missing"
expect 2 "$hostile" merge --out= a b && says "--out: a value is missing" "See \`"
[ -z "$(ls -A)" ] || fail "a refused command line wrote $(ls -A)"
cd "$OLDPWD" || exit
expect 2 "$hostile" run --seed=1 --seed=2 && says "--seed: given more than once"
expect 2 "$hostile" replay hostile/clean --schedule= && says "--schedule: a value is missing"
expect 2 "$hostile" run --timeouts=never && says "--timeouts" "late" "any"
expect 2 "$hostile" run --format=xml && says "--format" "json"
expect 2 "$hostile" list --strategies 'x*' && says "takes no CASE-GLOB"
expect 2 "$hostile" run --jobs=0 && says "--jobs" "from 1 to 1024"
expect 2 "$hostile" run --jobs=many && says "--jobs" "'many' is not a whole number"

# Somebody else's file of the name is not replaced.
mkdir "$work/foreign"
echo '{"mine": 1}' > "$work/foreign/run.json"
expect 2 "$hostile" run hostile/clean "--out=$work/foreign" && says "--out" "another folder"
[[ "$(cat "$work/foreign/run.json")" == '{"mine": 1}' ]] || fail "run.json was replaced"

rm "$work/foreign/run.json" && echo mine >"$work/foreign/checkpoint"
expect 2 "$hostile" run hostile/clean "--out=$work/foreign" && says "foreign/checkpoint" "another folder"
[ "$(cat "$work/foreign/checkpoint")" = mine ] || fail "a checkpoint of something else was replaced"
for name in run.json checkpoint; do
  rm -r "$work/foreign" && mkdir -p "$work/foreign/$name"
  expect 2 "$hostile" run hostile/clean "--out=$work/foreign" && says "foreign/$name" "another folder"
done

# An output folder that cannot be written: said before anything is run.
touch "$work/file"
expect 2 "$hostile" run hostile/hangs "--out=$work/file/out" && says "--out" "$work/file/out"
expect 2 "$hostile" run hostile/hangs "--out=$work/file" && says "--out" "$work/file"
if [ "$(id -u)" != 0 ]; then
  mkdir "$work/locked" && chmod a-w "$work/locked"
  expect 2 "$hostile" run hostile/hangs "--out=$work/locked" && says "--out" "Permission denied"
fi
expect 2 "$hostile" run hostile/hangs --out=/proc/heddle && says "--out" "/proc/heddle"

# Going on with a run that is not there, another one, or damaged; nothing is overwritten.
expect 2 "$hostile" run --resume && says "--resume" "expected --out=DIR"
expect 2 "$hostile" run --resume "--out=$work/none" && says "--resume" "$work/none/checkpoint" "No such file"
[ -e "$work/none" ] && fail "--resume made a folder"
expect 0 "$hostile" run hostile/clean --seed=3 "--out=$work/begun"
cp -r "$work/begun" "$work/begun.copy"
expect 2 "$hostile" run hostile/clean "--out=$work/begun" --resume
says "was begun with --seed=3, not with --seed=1" "leave out --resume"
expect 2 "$hostile" run hostile/clean --seed=3 --keep-going "--out=$work/begun" --resume
says "was begun without --keep-going, not with --keep-going"
expect 2 "$hostile" run hostile/prints --seed=3 "--out=$work/begun" --resume
says "other cases" "hostile/clean, not hostile/prints"
expect 2 "$HEDDLE" run race/lost_update --seed=3 "--out=$work/begun" --resume && says "belongs to build"
diff -r "$work/begun" "$work/begun.copy" || fail "a refused --resume changed the folder"
head -c 100 "$work/begun.copy/checkpoint" >"$work/begun/checkpoint"
expect 2 "$hostile" run hostile/clean --seed=3 "--out=$work/begun" --resume && says "is damaged" "checkpoint"
cp "$work/begun.copy/checkpoint" "$work/begun/checkpoint"
printf x | dd of="$work/begun/checkpoint" bs=1 seek=60 conv=notrunc status=none
expect 2 "$hostile" run hostile/clean --seed=3 "--out=$work/begun" --resume && says "checksum"
rm "$work/begun/checkpoint" && mkdir "$work/begun/checkpoint"
expect 2 "$hostile" run hostile/clean --seed=3 "--out=$work/begun" --resume
says "cannot read '$work/begun/checkpoint'" "Is a directory"
rmdir "$work/begun/checkpoint"
cp "$work/begun.copy/checkpoint" "$work/begun/checkpoint"
expect 0 "$hostile" run hostile/clean --seed=3 --jobs=3 "--out=$work/begun" --resume
says "1 of 1 case met the expectation"

# What counts is what is there when nobody else writes to the folder any more: here, by the time that
# the checkpoint has been read, another run's has taken its place.
expect 0 "$hostile" run hostile/clean --seed=4 "--out=$work/meanwhile"
rm "$work/begun/checkpoint" && mkfifo "$work/begun/checkpoint"
(cat "$work/begun.copy/checkpoint" && mv "$work/meanwhile/checkpoint" "$work/begun/checkpoint") \
  >"$work/begun/checkpoint" &
expect 2 "$hostile" run hostile/clean --seed=3 "--out=$work/begun" --resume
says "--resume" "was begun with --seed=4, not with --seed=3"

# A schedule needs a case, a finding's folder needs its files.
expect 2 "$hostile" replay && says "TARGET"
expect 2 "$hostile" replay "$work" && says "schedule.txt"
touch "$work/schedule.txt"
expect 2 "$hostile" replay "$work" && says "finding.json" "No such file" "CASE --schedule=@"
expect 2 "$hostile" replay "$work" --schedule=x && says "a folder brings its own schedule"
expect 2 "$hostile" replay "$work/missing" && says "$work/missing"
long=$(printf 'x%.0s' {1..300})
expect 2 "$hostile" replay "$long" && says "is neither the folder of a finding nor a case"
expect 2 "$hostile" replay "$long" --schedule=x && says "no case matches"
for subcommand in minimize explain; do
  expect 2 "$hostile" "$subcommand" "$long" && says "is no folder"
done
expect 2 "$hostile" replay hostile/deadlok --schedule=x && says "no case matches" "hostile/deadlock"
expect 2 "$hostile" replay hostile/deadlock --schedule=nonsense && says "schedule"
expect 2 "$hostile" replay hostile/deadlock "--schedule=@$work/missing" && says "$work/missing"

expect 0 "$hostile" --help && says "Exit status" "list" "replay"
expect 0 "$hostile" replay --help && says "Exit status of replay"
expect 0 "$hostile" --version && says "heddle " "build "
expect 0 "$HEDDLE_SOURCE/ci/run-cases.sh" --help && says "Usage: ci/run-cases.sh [--sanitizer=thread]"
expect 0 "$hostile" run --help && says "Exit status of run" "--strategy" "random" "pct" "20000"
expect 0 "$hostile" list --strategies && says "dfs" "random"
expect 0 "$hostile" list && says "hostile/deadlock" "deadlock" "does nothing wrong"

finish
