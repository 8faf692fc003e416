#!/usr/bin/env bash
# heddle minimize: the folder of a finding gets the smallest schedule, and still replays.
source "${BASH_SOURCE[0]%/*}/lib.bash"

expect 0 "$hostile" run hostile/deadlock --strategy=random --seed=7 --minimize=0 "--out=$work/out"
folder=$(grep -l '"kind": "deadlock"' "$work"/out/findings/*/finding.json | head -n 1)
folder=${folder%/finding.json}
[ -n "$folder" ] || fail "no folder of a deadlock in $work/out/findings"
if grep -q '"reduction"' "$folder/finding.json"; then fail "--minimize=0 has reduced it"; fi

expect 0 "$hostile" minimize "$folder"
says "deadlock ${folder##*/} of case hostile/deadlock" "preemptions" "-> 1" "context switches" \
  "threads" "decisions" "no schedule with fewer preemptions shows it: proved"
grep -q '"proved": true' "$folder/finding.json" || fail "finding.json does not say that it is proved"
grep -q "no schedule with fewer preemptions shows it" "$folder/report.txt" || fail "report.txt"
[ "$(ls "$folder")" = $'finding.json\nreport.txt\nschedule.txt' ] || fail "files left: $(ls "$folder")"
expect 1 "$hostile" replay "$folder" && says "reproduced: deadlock ${folder##*/}"

# Once more: nothing changes, but what was tried.
cp "$folder/schedule.txt" "$work/schedule"
expect 0 "$hostile" minimize "$folder" --executions=1000
cmp -s "$folder/schedule.txt" "$work/schedule" || fail "a second minimisation changed the schedule"

# A run does it by itself.
expect 0 "$hostile" run hostile/deadlock --strategy=random --seed=7 "--out=$work/out"
grep -q '"proved": true' "$folder/finding.json" || fail "the run has not reduced its finding"

# What cannot be done, and why. Nothing is written then.
cp -r "$folder" "$work/kept"
expect 2 "$hostile" minimize && says "FINDING-DIR"
expect 2 "$hostile" minimize "$work/missing" && says "'$work/missing' is no folder"
expect 2 "$hostile" minimize hostile/deadlock && says "'hostile/deadlock' is no folder"
expect 2 "$hostile" minimize "$folder" --executions=0 && says "--executions"
expect 2 "$hostile" minimize "$folder" --executions=few && says "--executions" "'few'"
expect 2 "$hostile" run hostile/clean --minimize=-1 && says "--minimize"
expect 2 "$hostile" run hostile/clean --minimize=some && says "--minimize" "'some'"
mkdir "$work/empty"
expect 2 "$hostile" minimize "$work/empty" && says "schedule.txt"
objcopy --remove-section=.note.gnu.build-id "$hostile" "$work/other_build"
expect 2 "$work/other_build" minimize "$folder" && says "another build" "explore the case again"
for damage in 's/"version": 1/"version": 9/' 's/"preemptions": 1/"preemptions": "one"/' '$d' \
  's/"fingerprint": ".*"/"fingerprint": "x"/'; do
  sed -i "$damage" "$folder/finding.json"
  expect 2 "$hostile" minimize "$folder" && says "finding.json"
  cp "$work/kept/finding.json" "$folder/"
done
sed -i 's/"fingerprint": ".*"/"fingerprint": "0123456789abcdef"/' "$folder/finding.json"
expect 2 "$hostile" minimize "$folder" && says "0123456789abcdef did not show"
cp "$work/kept/finding.json" "$folder/"
for file in finding.json report.txt schedule.txt; do
  cmp -s "$work/kept/$file" "$folder/$file" || fail "a failed minimisation changed $file"
done

# Programs that end the process stay as they are.
expect 1 "$hostile" run hostile/exits_at_once "--out=$work/out"
for folder in "$work"/out/findings/*; do
  expect 2 "$hostile" minimize "$folder" && says "stays as it was found"
done

finish
