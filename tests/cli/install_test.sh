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

// Calls at the end of a function, which a compiler may make in its place.
struct Account {
  void Check() const { heddle::Assert(balance == 0, "nothing is left"); }  // the assertion
  int balance = 0;
};
[[gnu::noinline]] void Close(Account* account) { delete account; }  // the first end
void CloseTwice() {
  auto* const account = new Account;
  heddle::Thread other([account] { Close(account); });
  other.join();
  Close(account);
}
const heddle::RegisterCase kEnds{
    {.name = "ends/check", .body = [] { heddle::Thread([] { Account{1}.Check(); }).join(); }}};
const heddle::RegisterCase kFreed{{.name = "ends/close", .body = CloseTwice}};

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

# A report knows the line of what a function does last.
"$work/build/user_cases" run 'ends/*' >"$work/ends.log" 2>&1 && fail "no bug in ends/*"
line_of() { grep -n "// $1" "$work/user_cases.cc" | cut -d: -f1; }
grep -q "^SUMMARY: heddle: assertion .*user_cases.cc:$(line_of 'the assertion') in" "$work/ends.log" ||
  fail "the assertion is not where it is: $(cat "$work/ends.log")"
grep -q "freed by T1 (.*user_cases.cc:$(line_of 'the first end'))" "$work/ends.log" ||
  fail "the first end is not where it is: $(cat "$work/ends.log")"

# What Heddle cannot do without is told.
"$compiler" -std=c++20 -fno-exceptions -fsyntax-only "-I$prefix/include" \
  "-I$prefix/include/heddle/internal" "$work/user_cases.cc" >"$work/exceptions.log" 2>&1 &&
  fail "compiles without exceptions"
grep -q "compile without -fno-exceptions" "$work/exceptions.log" ||
  fail "nothing says that exceptions are needed: $(head -n 5 "$work/exceptions.log")"

"$prefix/bin/heddle" list >"$work/list.log" || fail "the installed command's list failed"

# The README's report is what its example prints; the build's name and the checksum differ.
report() { sed -n '/^WARNING:/,/^SUMMARY:/p' | sed -e 's/build=[0-9a-f]*/build=/' -e 's/ =[0-9a-f]*'"'"'$/ =/'; }
(cd "$work/bank" && build/bank run >../bank.log 2>&1) && fail "the README's example found nothing"
# The user's own sources are named by file alone, or by their last folders.
diff <(report <"$HEDDLE_SOURCE/README.md") \
  <(report <"$work/bank.log" | sed -e 's|[^ (]*/bank\.cc|bank.cc|g') ||
  fail "the README shows another report than its example gives"
