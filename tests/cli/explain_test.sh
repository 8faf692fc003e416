#!/usr/bin/env bash
# heddle explain: which orders of steps a finding depends on, told and written.
source "${BASH_SOURCE[0]%/*}/lib.bash"

expect 0 "$hostile" run hostile/deadlock --strategy=random --seed=7 --explain=0 "--out=$work/out"
folder=$(grep -l '"kind": "deadlock"' "$work"/out/findings/*/finding.json | head -n 1)
folder=${folder%/finding.json}
[ -n "$folder" ] || fail "no folder of a deadlock in $work/out/findings"
grep -q '"cause": ""' "$folder/finding.json" || fail "--explain=0 has explained it"
cp -r "$folder" "$work/before"

expect 0 "$hostile" explain "$folder"
says "deadlock ${folder##*/} of case hostile/deadlock" "It happens when" "comes before" \
  "with either order reversed it does not." "    - main: lock a (" "      before T1: lock a ("
grep -q "with either order reversed it does not" "$folder/finding.json" || fail "finding.json"
grep -q "It happens when" "$folder/report.txt" || fail "report.txt does not tell the cause"
grep -q '"proved": true' "$folder/finding.json" || fail "what was known of the schedule is lost"
cmp -s "$folder/schedule.txt" "$work/before/schedule.txt" || fail "the schedule has changed"
expect 1 "$hostile" replay "$folder" && says "reproduced: deadlock ${folder##*/}"

# A run does it by itself, and the same.
cp "$folder/finding.json" "$work/finding.json"
expect 0 "$hostile" run hostile/deadlock --strategy=random --seed=7 "--out=$work/out"
cmp -s "$folder/finding.json" "$work/finding.json" || fail "a run explains otherwise than heddle explain"

# What cannot be done, and why.
expect 2 "$hostile" explain && says "FINDING-DIR"
expect 2 "$hostile" explain "$work/missing" && says "'$work/missing' is no folder"
expect 2 "$hostile" explain "$folder" --executions=0 && says "--executions"
expect 2 "$hostile" run hostile/clean --explain=some && says "--explain" "'some'"
mkdir "$work/empty"
expect 2 "$hostile" explain "$work/empty" && says "schedule.txt"
objcopy --remove-section=.note.gnu.build-id "$hostile" "$work/other_build"
expect 2 "$work/other_build" explain "$folder" && says "another build" "explore the case again"
sed -i 's/"fingerprint": ".*"/"fingerprint": "0123456789abcdef"/' "$folder/finding.json"
expect 2 "$hostile" explain "$folder" && says "0123456789abcdef did not show"
sed -i 's/"version": 1/"version": 9/' "$folder/finding.json"
expect 2 "$hostile" explain "$folder" && says "finding.json" "another version"

expect 1 "$hostile" run hostile/exits_at_once "--out=$work/out"
for folder in "$work"/out/findings/*; do
  expect 2 "$hostile" explain "$folder" && says "not a matter of orders of steps"
done

finish
