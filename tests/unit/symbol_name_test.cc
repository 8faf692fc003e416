// How functions and source files are named in reports.
#include "harness/report/symbol_name.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "harness/report/symbol_path.h"

namespace {

using heddle::internal::JoinName;
using heddle::internal::NormalizePath;
using heddle::internal::ParseQualifiedName;
using heddle::internal::ParseSymbol;
using heddle::internal::SourcePaths;

// ---- Names ----

std::string Clean(std::string_view name) { return JoinName(ParseQualifiedName(name)); }

TEST(SymbolNameTest, KeepsOnlyTheQualifiedName) {
  EXPECT_EQ(Clean("main"), "main");
  EXPECT_EQ(Clean("app::Run(int)"), "app::Run");
  EXPECT_EQ(Clean("app::(anonymous namespace)::Box<int>::Set(int) const"), "app::Box::Set");
  EXPECT_EQ(Clean("unsigned long foo<int, (char)62>(std::vector<int>)"), "foo");
  EXPECT_EQ(Clean("void std::sort<int*, bool (*)(int, int)>(int*)"), "std::sort");
  EXPECT_EQ(Clean("foo(int) [clone .part.0]"), "foo");
  EXPECT_EQ(Clean("foo[abi:cxx11](int)"), "foo");
  EXPECT_EQ(Clean("A<((1)>(2))>::f() const &"), "A::f") << "comparisons stand in parentheses";
  EXPECT_EQ(Clean("app::Run(int)::counter"), "app::Run::counter");
  EXPECT_EQ(JoinName({}), "??");
}

TEST(SymbolNameTest, Operators) {
  EXPECT_EQ(Clean("A::operator()(int)"), "A::operator()");
  EXPECT_EQ(Clean("A<int>::operator<(A<int> const&) const"), "A::operator<");
  EXPECT_EQ(Clean("std::ostream& operator<< <char>(std::ostream&, char)"), "operator<<");
  EXPECT_EQ(Clean("A::operator<=>(A const&) const"), "A::operator<=>");
  EXPECT_EQ(Clean("A::operator->() const"), "A::operator->");
  EXPECT_EQ(Clean("Var<int>::operator int() const"), "Var::operator int");
  EXPECT_EQ(Clean("operator new[](unsigned long)"), "operator new[]");
  EXPECT_EQ(Clean("operators::Add(int)"), "operators::Add");
}

TEST(SymbolNameTest, Lambdas) {
  EXPECT_EQ(Clean("app::Run(int)::{lambda()#1}::operator()() const"), "lambda in app::Run");
  EXPECT_EQ(Clean("app::Run(int)::{lambda(int)#2}::operator()(int) const"),
            "lambda #2 in app::Run");
  EXPECT_EQ(Clean("Run()::$_1::operator()() const::{lambda()#1}::operator()() const"),
            "lambda in lambda #2 in Run");
  EXPECT_EQ(Clean("Run()::{lambda()#1}::operator()() const::Local::Go(int)"),
            "Local::Go in lambda in Run");
  EXPECT_EQ(Clean("Run()::{lambda()#1}::_FUN()"), "_FUN in lambda in Run");
}

TEST(SymbolNameTest, DamagedNamesAreHarmless) {
  for (const std::string_view name :
       {"", "<", "(", "{", "{lambda", "operator", "operator<", "a::", "::", " ", "$_", "[", "a<b<c",
        "}", "{}", "{lambda#", "operator\"\" "}) {
    JoinName(ParseQualifiedName(name));
  }
}

TEST(SymbolNameTest, Symbols) {
  EXPECT_EQ(JoinName(ParseSymbol("_ZNSt10lock_guardISt5mutexEC2ERS0_")),
            "std::lock_guard::lock_guard");
  EXPECT_EQ(JoinName(ParseSymbol("pthread_mutex_lock")), "pthread_mutex_lock");
  EXPECT_EQ(JoinName(ParseSymbol("lock.part.0")), "lock");
  EXPECT_EQ(JoinName(ParseSymbol("i")), "i") << "not the type that this would be mangled";
  EXPECT_EQ(JoinName(ParseSymbol("")), "??");
}

// ---- Paths ----

TEST(SymbolPathTest, Normalizes) {
  EXPECT_EQ(NormalizePath("/a/./b/../c//d.cc"), "/a/c/d.cc");
  EXPECT_EQ(NormalizePath("../a/../b.cc"), "../b.cc");
  EXPECT_EQ(NormalizePath("/../a"), "/a");
  EXPECT_EQ(NormalizePath("./a.cc"), "a.cc");
  EXPECT_EQ(NormalizePath(""), "");
}

TEST(SymbolPathTest, FilesAreShownRelativeToTheirSourceTree) {
  const SourcePaths paths("/home/ann/heddle", {});
  EXPECT_EQ(paths.Display("/home/ann/heddle/cases/race/a.cc", "/elsewhere"), "cases/race/a.cc");
  EXPECT_EQ(paths.Display("/home/bob/app/src/a.cc", "/home/bob/app/build"), "src/a.cc");
  EXPECT_EQ(paths.Display("/home/bob/app/build/../src/a.cc", "/home/bob/app/build"), "src/a.cc");
  EXPECT_EQ(paths.Display("/home/bob/app/a.cc", "/home/bob/app"), "a.cc");
  EXPECT_EQ(paths.Display("/src/app/lib/x/a.cc", "/build"), "lib/x/a.cc");
  EXPECT_EQ(paths.Display("/a.cc", "/build"), "a.cc");
  EXPECT_EQ(paths.Display("src/a.cc", "."), "src/a.cc");
  EXPECT_EQ(paths.Display("/usr/include/c++/12/mutex", "/usr/src"), "/usr/include/c++/12/mutex");
}

TEST(SymbolPathTest, HeddleAndTheSystemAreNotTheUsers) {
  const SourcePaths paths("/home/ann/heddle", {"/generated/"});
  EXPECT_TRUE(paths.IsUser("/home/ann/heddle/cases/race/a.cc"));
  EXPECT_TRUE(paths.IsUser("/home/bob/app/tools/a.cc")) << "another project's folder of that name";
  EXPECT_FALSE(paths.IsUser("/home/ann/heddle/primitives/mutex.h"));
  EXPECT_FALSE(paths.IsUser("/home/ann/heddle/build/../harness/runtime/x.cc"));
  EXPECT_FALSE(paths.IsUser("/home/ann/heddle/tools/main.cc"));
  EXPECT_FALSE(paths.IsUser("/opt/heddle/include/heddle/mutex.h"));
  EXPECT_FALSE(paths.IsUser("/usr/include/c++/12/mutex"));
  EXPECT_FALSE(paths.IsUser("/home/bob/app/generated/a.cc"));
  EXPECT_FALSE(paths.IsUser("primitives/mutex.h"));
  EXPECT_FALSE(paths.IsUser(""));
  EXPECT_FALSE(SourcePaths("", {}).IsUser("/anywhere/primitives/mutex.h"));
}

}  // namespace
