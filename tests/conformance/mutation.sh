#!/usr/bin/env bash
# Every line marked `// fix` in a case is needed: the case's twin without that line is found to be wrong.
#
# Builds the program heddle_mutants, in which mutants.awk has put a copy of each case file for each of
# its marked lines, and runs every mutant's twins. Prints the file and line of each that survived. A
# marked line whose removal does not compile stops the build, with its place in the case file.
# Environment: HEDDLE_SOURCE, HEDDLE_BUILD; HEDDLE_MUTANT_EXECUTIONS, 5,000 unless set.
# Usage: mutation.sh [PATTERN]   only case files whose path contains PATTERN
set -euo pipefail

source_dir=${HEDDLE_SOURCE:?the source folder}
build_dir=${HEDDLE_BUILD:?the build folder}
pattern=${1:-}
readonly here=$source_dir/tests/conformance
export executions=${HEDDLE_MUTANT_EXECUTIONS:-5000}

cmake --build "$build_dir" --target heddle_mutants
export mutants=$build_dir/bin/heddle_mutants
scratch=$(mktemp -d)
export scratch
trap 'rm -rf "$scratch"' EXIT

# Plain memory is watched by ThreadSanitizer only, which this build is not linked with.
while IFS= read -r file; do
  path=${file#"$source_dir"/}
  [[ $path == *"$pattern"* ]] || continue
  grep -q 'needs_thread_sanitizer = true' "$file" && continue
  tag=${path#cases/}
  tag=${tag%.cc}
  (cd "$source_dir" && awk -v list=1 -v tag="${tag//\//_}" -f "$here/mutants.awk" "$path")
done < <(find "$source_dir/cases" -name '*.cc' | sort) >"$scratch/all"
if [ ! -s "$scratch/all" ]; then
  echo "mutation: error: no line is marked '// fix' in a case file whose path contains '$pattern'" >&2
  exit 2
fi

check() {
  local mutant=$1 place=$2 status=0
  "$mutants" run "mutant/$mutant/*_fixed" --executions="$executions" --out="$scratch/$mutant" \
    >"$scratch/$mutant.log" 2>&1 || status=$?
  case $status in
    1) echo "$place" >>"$scratch/killed" ;;
    0) echo "$place: the case passes without this line" ;;
    *)
      echo "$place: expected exit status 1, got $status:"
      tail -n 5 "$scratch/$mutant.log"
      ;;
  esac
  rm -rf "${scratch:?}/$mutant"
}
export -f check

touch "$scratch/killed"
xargs -P "$(nproc)" -L 1 bash -c 'check "$1" "$2"' check <"$scratch/all"
total=$(wc -l <"$scratch/all")
killed=$(wc -l <"$scratch/killed")
echo "mutation: $total lines marked '// fix', $((total - killed)) of them not needed"
[ "$killed" -eq "$total" ]
