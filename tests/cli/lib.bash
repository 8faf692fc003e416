# Helpers of the tests of the command line. Sourced; expects HEDDLE_BUILD in the environment.
set -uo pipefail

hostile=$HEDDLE_BUILD/bin/heddle_hostile_cases
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
  echo "FAIL: $*" >&2
  failures=$((failures + 1))
}

# expect STATUS COMMAND...: runs it, keeps its output in $output (both streams) and checks its status.
expect() {
  local wanted=$1 status
  shift
  output=$(timeout 120 "$@" 2>&1)
  status=$?
  if [ "$status" != "$wanted" ]; then
    fail "'$*' ended with status $status, expected $wanted; it printed: $(head -c 3000 <<<"$output")"
    return 1
  fi
}

# says TEXT...: the output of the last command contains each text.
says() {
  local text
  for text in "$@"; do
    grep -qF -- "$text" <<<"$output" || fail "expected '$text' in: $(head -c 3000 <<<"$output")"
  done
}

finish() {
  [ "$failures" = 0 ] || exit 1
  echo "passed"
}
