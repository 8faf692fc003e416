#!/usr/bin/env bash
# Findings replay in a fresh process; schedules that do not belong are refused with the reason.
source "${BASH_SOURCE[0]%/*}/lib.bash"

expect 0 "$hostile" run hostile/deadlock "--out=$work/out"
says "hostile/deadlock" "ok"
folder=$(grep -l '"deadlock"' "$work"/out/findings/*/finding.json | head -n 1)
folder=${folder%/finding.json}
[ -n "$folder" ] || fail "no folder of a deadlock in $work/out/findings"
fingerprint=${folder##*/}
schedule=$(cat "$folder/schedule.txt")

for _ in 1 2 3 4 5; do
  expect 1 "$hostile" replay "$folder" && says "reproduced" "$fingerprint" "deadlock"
done
# All that its report says.
expect 1 "$hostile" replay "$folder" && says "It happens when" "reversed it does not"
"$hostile" replay "$folder" >"$work/replayed"
sed '/^Replay$/,/^$/d' "$folder/report.txt" | diff -B - <(sed '$d' "$work/replayed") ||
  fail "not the report of $folder"
expect 1 "$hostile" replay "$folder/schedule.txt" && says "reproduced" "$fingerprint" "deadlock"
cd "$folder" || exit
expect 1 "$hostile" replay report.txt && says "reproduced" "$fingerprint"
cd "$OLDPWD" || exit
expect 1 "$hostile" replay hostile/deadlock "--schedule=@$folder/schedule.txt" && says "deadlock"
expect 1 "$hostile" replay hostile/deadlock "--schedule=$schedule" && says "deadlock"

# What has the case's name here, a folder or a file, does not stand for the case.
mkdir -p "$work/there/hostile/deadlock"
cd "$work/there" || exit
expect 1 "$hostile" replay hostile/deadlock "--schedule=$schedule" && says "reproduced" "deadlock"
rmdir hostile/deadlock && touch hostile/deadlock
expect 1 "$hostile" replay hostile/deadlock "--schedule=$schedule" && says "reproduced" "deadlock"
cd "$OLDPWD" || exit

# Another case's schedule, another build's, one cut short, one with a damaged step.
expect 2 "$hostile" replay hostile/clean "--schedule=$schedule" && says "hostile/deadlock"
if [ -x "${HEDDLE:-}" ]; then
  expect 2 "$HEDDLE" replay "$folder" && says "hostile/deadlock"
fi
objcopy --remove-section=.note.gnu.build-id "$hostile" "$work/other_build"
expect 2 "$work/other_build" replay "$folder" && says "another build" "explore the case again"
for length in 1 10 $((${#schedule} / 2)) $((${#schedule} - 3)); do
  expect 2 "$hostile" replay hostile/deadlock "--schedule=${schedule:0:$length}"
done

# A clean schedule shows nothing.
expect 0 "$hostile" run hostile/clean "--out=$work/clean"
if compgen -G "$work/clean/findings/*" >/dev/null; then fail "hostile/clean has findings"; fi

# Crashes and hangs replay, too.
for name in aborts null_pointer exits overflows_stack exits_at_once; do
  expect 1 "$hostile" run "hostile/$name" "--out=$work/out"
  for folder in "$work"/out/findings/*; do
    expect 1 "$hostile" replay "$folder" && says "reproduced"
  done
done

# So does what is only seen by running a schedule again.
for name in uses_rand keeps_state; do
  expect 1 "$hostile" run "hostile/$name" "--out=$work/out"
  for folder in "$work"/out/findings/*; do
    expect 1 "$hostile" replay "$folder" && says "reproduced: nondeterminism ${folder##*/}"
  done
done

finish
