#!/usr/bin/env bash
# A user's own project: installs Heddle into a temporary prefix, builds ten lines of CMake and a case
# against it with find_package(heddle), and runs the result, which takes `heddle`'s subcommands.
set -euo pipefail

fail() { echo "install_test: $*" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

cmake --install "$HEDDLE_BUILD" --prefix "$prefix" >"$work/install.log" ||
  fail "cmake --install failed: $(tail -n 5 "$work/install.log")"

cat >"$work/CMakeLists.txt" <<'EOF'
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES CXX)
find_package(heddle REQUIRED)
add_executable(user_cases user_cases.cc)
target_link_libraries(user_cases PRIVATE heddle::main)
EOF
# The README's example, as it stands there: the first block of each language.
readme_block() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p;" "$HEDDLE_SOURCE/README.md" | sed '1d;/^```$/,$d'; }
mkdir "$work/bank"
readme_block cpp >"$work/bank/bank.cc"
readme_block cmake >"$work/bank/CMakeLists.txt"
cat >"$work/user_cases.cc" <<'EOF'
#include <semaphore>  // includes POSIX's <semaphore.h>, which Heddle's must not hide

#include <heddle/heddle.h>

#include <mutex>

namespace {

void Transfer(bool same_order) {
  heddle::Mutex from, to;
  heddle::Thread other([&] {
    std::lock_guard outer(same_order ? from : to);
    std::lock_guard inner(same_order ? to : from);
  });
  {
    std::lock_guard outer(from);
    std::lock_guard inner(to);
  }
  other.join();
}

const heddle::RegisterCase kBug{{.name = "user/transfer",
                                 .body = [] { Transfer(false); },
                                 .expect = {heddle::FindingKind::kDeadlock},
                                 .tolerate = {heddle::FindingKind::kLockOrder}}};
const heddle::RegisterCase kFixed{
    {.name = "user/transfer_fixed", .body = [] { Transfer(true); }}};

}  // namespace
EOF

compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[^=]*=//p' "$HEDDLE_BUILD/CMakeCache.txt")
for project in "$work" "$work/bank"; do
  (cd "$project" && cmake -B build -G Ninja "-DCMAKE_CXX_COMPILER=$compiler" \
    "-DCMAKE_PREFIX_PATH=$prefix" -DCMAKE_BUILD_TYPE=RelWithDebInfo && cmake --build build) \
    >"$work/build.log" 2>&1 || {
    tail -n 40 "$work/build.log" >&2
    fail "the user's project in $(basename "$project") does not build"
  }
  if grep -q Warning "$work/build.log"; then
    cat "$work/build.log" >&2
    fail "CMake warns of the user's project in $(basename "$project")"
  fi
done

listed=$("$work/build/user_cases" list)
for name in user/transfer user/transfer_fixed; do
  grep -qw "$name" <<<"$listed" || fail "'user_cases list' does not show $name: $listed"
done
if grep -q '^deadlock/' <<<"$listed"; then
  fail "'user_cases list' shows Heddle's own catalogue: $listed"
fi

"$work/build/user_cases" run 'user/*' "--out=$work/out" >"$work/run.log" 2>&1 || {
  cat "$work/run.log" >&2
  fail "'user_cases run' did not find what was expected (status $?)"
}
[ -s "$work/out/run.json" ] || fail "'user_cases run' left no run.json"

"$prefix/bin/heddle" list >"$work/list.log" || fail "the installed command's list failed"

# The README's report is what its example prints; the build's name and the checksum differ.
report() { sed -n '/^WARNING:/,/^SUMMARY:/p' | sed -e 's/build=[0-9a-f]*/build=/' -e 's/ =[0-9a-f]*'"'"'$/ =/'; }
(cd "$work/bank" && build/bank run >../bank.log 2>&1) && fail "the README's example found nothing"
# The user's own sources are named by file alone, or by their last folders.
diff <(report <"$HEDDLE_SOURCE/README.md") \
  <(report <"$work/bank.log" | sed -e 's|[^ (]*/bank\.cc|bank.cc|g') ||
  fail "the README shows another report than its example gives"
