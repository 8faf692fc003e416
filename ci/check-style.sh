#!/usr/bin/env bash
# What can be checked about the sources without a compiler: include guards, the length of files and
# of lines; with --format also what clang-format-19 says, when it is installed.
# Usage: ci/check-style.sh [--format]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

with_format=0
case "${1:-}" in
  '') ;;
  --format) with_format=1 ;;
  *)
    echo "check-style: error: unknown argument '$1'; expected --format" >&2
    exit 2
    ;;
esac

readonly max_lines=500
readonly max_columns=100

files=()
while IFS= read -r file; do
  files+=("$file")
done < <(find harness primitives cases tools tests -type f \( -name '*.h' -o -name '*.cc' \) | sort)
if [ ${#files[@]} -eq 0 ]; then
  echo "check-style: no sources"
  exit 0
fi

status=0
LC_ALL=C awk -v max_lines="$max_lines" -v max_columns="$max_columns" '
  function fail(where, what) { printf "%s: %s\n", where, what; failures++ }

  function finish() {
    if (file == "") return
    if (file !~ /^tests\// && line > max_lines)
      fail(file, line " lines; over " max_lines " it is likely more than one idea")
    if (guard != "" && !guarded) fail(file, "expected the include guard " guard)
  }

  FNR == 1 {
    finish()
    file = FILENAME
    guard = ""
    guarded = 0
    if (file ~ /\.h$/) {
      guard = "HEDDLE_" toupper(file) "_"
      gsub(/[^A-Z0-9_]/, "_", guard)
    }
  }

  { line = FNR }
  $1 == "#ifndef" && $2 == guard { ifndef_seen = file }
  $1 == "#define" && $2 == guard && ifndef_seen == file { guarded = 1 }
  /^#pragma once/ { fail(file ":" FNR, "#pragma once; the project uses include guards") }
  FNR == 1 || /clang-format on$/ { as_it_is = 0 }
  /clang-format off$/ { as_it_is = 1 }
  !as_it_is && length($0) > max_columns {
    text = $0
    gsub(/[\200-\277]/, "", text) # count characters, not bytes of UTF-8
    if (length(text) > max_columns) fail(file ":" FNR, length(text) " columns; at most " max_columns)
  }
  /[ \t]$/ { fail(file ":" FNR, "space at the end of the line") }
  /\t/ { fail(file ":" FNR, "tab") }

  END {
    finish()
    printf "check-style: %d files, %d violations\n", ARGC - 1, failures
    exit failures > 0
  }
' "${files[@]}" || status=1

if [ "$with_format" = 1 ] && command -v clang-format-19 >/dev/null; then
  clang-format-19 --dry-run -Werror "${files[@]}" || status=1
fi
exit "$status"
