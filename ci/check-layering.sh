#!/usr/bin/env bash
# Enforces that dependencies run one way, by looking at #include lines. docs/architecture.md says
# why; the table below is the rule. Also: what a user's program includes, directly or not, must not
# need a library that users do not have (installed headers use std types only).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# folder | what its files may include of this repository, beside the folder itself. A name that ends
# in .h is one file, any other a folder. tools/ and tests/ may include anything.
rules='
harness/core     |
harness/model    | harness/core
harness/schedule | harness/core
harness/trace    | harness/core
harness/detect   | harness/core
harness/report   | harness/core
harness/strategy | harness/core harness/schedule harness/model/dependence.h
harness/runtime  | harness/core harness/model harness/schedule harness/strategy/decider.h
harness/explore  | harness
primitives       | harness/core harness/runtime/runtime.h
cases            | primitives harness/explore/case.h heddle
'

# Headers of libraries. No header that a user's program includes may need them.
readonly libraries='^(absl|CLI|nlohmann|elfutils|gtest|gmock|benchmark)/'

files=()
while IFS= read -r file; do
  files+=("$file")
done < <(find harness primitives cases -type f \( -name '*.h' -o -name '*.cc' \) | sort)
if [ ${#files[@]} -eq 0 ]; then
  echo "check-layering: no sources"
  exit 0
fi

RULES="$rules" awk -v libraries="$libraries" '
  function fail(where, what) { printf "%s: %s\n", where, what; failures++ }

  function is_within(path, allowed) {
    return path == allowed || (allowed !~ /\.h$/ && index(path, allowed "/") == 1)
  }

  function check(from, line, path,    folder, i, count, allowed) {
    for (folder in rule) {
      if (!is_within(from, folder)) continue
      if (is_within(path, folder)) return
      count = split(rule[folder], allowed, " ")
      for (i = 1; i <= count; i++) if (is_within(path, allowed[i])) return
      fail(from ":" line, folder "/ may not include " path \
           " (allowed: " (rule[folder] == "" ? "nothing else" : rule[folder]) ")")
      return
    }
    if (from ~ /^harness\//) fail(from, "its folder has no rule in ci/check-layering.sh")
  }

  # Walks all that a public header includes.
  function walk(file, root,    i) {
    if (file in visited) return
    visited[file] = 1
    for (i = 1; i <= include_count[file]; i++) {
      if (includes[file, i] ~ libraries)
        fail(file ":" include_line[file, i],
             "includes " includes[file, i] ", but users get this header through " root)
      walk(includes[file, i], root)
    }
  }

  BEGIN {
    line_count = split(ENVIRON["RULES"], lines, "\n")
    for (i = 1; i <= line_count; i++) {
      if (split(lines[i], parts, "|") < 2) continue
      gsub(/^ +| +$/, "", parts[1])
      gsub(/^ +| +$/, "", parts[2])
      rule[parts[1]] = parts[2]
    }
  }

  /^[ \t]*#[ \t]*include[ \t]*["<]/ {
    path = $0
    sub(/^[^"<]*["<]/, "", path)
    sub(/[">].*/, "", path)
    n = ++include_count[FILENAME]
    includes[FILENAME, n] = path
    include_line[FILENAME, n] = FNR
    if (path ~ /^(harness|primitives|cases|tools|tests|heddle)\//) check(FILENAME, FNR, path)
    else if ($0 ~ /"/ && path !~ libraries)
      fail(FILENAME ":" FNR, "\"" path "\" is not a path from the repository root")
  }

  END {
    for (i = 1; i < ARGC; i++)
      if (ARGV[i] ~ /^primitives\/[^\/]*\.h$/ || ARGV[i] == "harness/explore/case.h")
        walk(ARGV[i], ARGV[i])
    printf "check-layering: %d files, %d violations\n", ARGC - 1, failures
    exit failures > 0
  }
' "${files[@]}"
