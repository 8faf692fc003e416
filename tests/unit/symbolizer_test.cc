#include "harness/report/symbolizer.h"

#include <execinfo.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/symbolizer_probe.h"

int symbolizer_test_global = 1;

namespace {

using heddle::SourceFrame;
using heddle::Symbolizer;
using heddle::SymbolizerOptions;
using heddle::UserSite;

using Stack = std::vector<uintptr_t>;

uintptr_t address_here = 0;
int line_here = 0;
int sink = 0;
int table_of_sixteen[16];

// A site without any primitive.
[[gnu::noinline]] void Here(int line) {
  address_here = probe::ReturnAddress(__builtin_return_address(0));
  line_here = line;
  probe::NoTailCall();
}

// Begins with the caller; a sanitizer's backtrace() is a frame of its own.
[[gnu::noinline]] Stack CurrentStack() {
  const uintptr_t caller = probe::ReturnAddress(__builtin_return_address(0));
  std::array<void*, 64> frames;
  const int count = backtrace(frames.data(), frames.size());
  Stack stack;
  for (int i = 0; i < count; ++i) {
    const uintptr_t address = probe::ReturnAddress(frames[i]);
    if (!stack.empty() || address == caller) stack.push_back(address);
  }
  return stack;
}

template <class T>
std::string Describe(T* data) {
  static Symbolizer symbolizer;
  return symbolizer.DataSymbol(reinterpret_cast<uintptr_t>(data));
}

[[gnu::noinline]] void PlainFunction() {
  Here(__LINE__);
  ++sink;
}

[[gnu::always_inline]] inline void Innermost() { Here(__LINE__); }
const int kInnermostLine = __LINE__ - 1;

[[gnu::always_inline]] inline void Middle() {
  ++sink;
  Innermost();
}
const int kMiddleCall = __LINE__ - 2;

[[gnu::noinline]] void Outermost() {
  Middle();
  ++sink;
}
const int kOutermostCall = __LINE__ - 3;

template <class T>
struct Box {
  struct Inner {
    [[gnu::noinline]] static void Set(T) {
      Here(__LINE__);
      ++sink;
    }
  };
  [[gnu::noinline]] T operator<<(T value) const {
    Here(__LINE__);
    return value + sink;
  }
};

std::vector<std::string> LambdaNames() {
  static Symbolizer symbolizer;
  std::vector<std::string> names;
  const auto record = [&] { names.push_back(symbolizer.Frames(address_here).front().function); };
  // Defined and called in different orders: the number is by place in the source.
  std::function<void()> second = [] {
    Here(__LINE__);
    ++sink;
  };
  std::function<void()> third = [] {
    std::function<void()> nested = [] {
      Here(__LINE__);
      ++sink;
    };
    nested();
    ++sink;
  };
  third();
  record();
  second();
  record();
  return names;
}

class SymbolizerTest : public testing::Test {
 protected:
  SymbolizerTest() : symbolizer_(SymbolizerOptions{"", {"/unit/symbolizer_probe.h"}}) {
    probe::Stacks().clear();
  }

  std::vector<UserSite> Sites() {
    std::vector<UserSite> sites;
    for (const Stack& stack : probe::Stacks()) sites.push_back(symbolizer_.Site(stack));
    return sites;
  }

  std::vector<std::string> SiteTexts() {
    std::vector<std::string> texts;
    for (const UserSite& site : Sites()) {
      texts.push_back(site.function + " " + site.operation + " " + std::to_string(site.ordinal));
    }
    return texts;
  }

  Symbolizer symbolizer_;
};

using Texts = std::vector<std::string>;

TEST_F(SymbolizerTest, FunctionFileAndLineOfACall) {
  PlainFunction();
  const std::vector<SourceFrame> frames = symbolizer_.Frames(address_here);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].function, "PlainFunction");
  EXPECT_EQ(frames[0].file, "tests/unit/symbolizer_test.cc");
  EXPECT_EQ(frames[0].line, line_here);
  EXPECT_GT(frames[0].column, 0);
  EXPECT_FALSE(frames[0].inlined);
  EXPECT_EQ(frames[0].pc, address_here);
}

TEST_F(SymbolizerTest, InlinedFunctionsAreExpandedWithTheLineOfEachCall) {
  Outermost();
  const std::vector<SourceFrame> frames = symbolizer_.Frames(address_here);
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].function, "Innermost");
  EXPECT_EQ(frames[0].line, kInnermostLine);
  EXPECT_TRUE(frames[0].inlined);
  EXPECT_EQ(frames[1].function, "Middle");
  EXPECT_EQ(frames[1].line, kMiddleCall);
  EXPECT_TRUE(frames[1].inlined);
  EXPECT_EQ(frames[2].function, "Outermost");
  EXPECT_EQ(frames[2].line, kOutermostCall);
  EXPECT_FALSE(frames[2].inlined);
  for (const SourceFrame& frame : frames) EXPECT_EQ(frame.file, "tests/unit/symbolizer_test.cc");
}

TEST_F(SymbolizerTest, TemplatesAndOperatorsHaveShortNames) {
  Box<std::vector<int>>::Inner::Set({});
  EXPECT_EQ(symbolizer_.Frames(address_here).front().function, "Box::Inner::Set");
  sink += Box<int>() << 1;
  EXPECT_EQ(symbolizer_.Frames(address_here).front().function, "Box::operator<<");
}

TEST_F(SymbolizerTest, LambdasAreNumberedByTheirPlaceInTheSource) {
  EXPECT_EQ(LambdaNames(),
            (Texts{"lambda in lambda #3 in LambdaNames", "lambda #2 in LambdaNames"}));
}

TEST_F(SymbolizerTest, ClassesInsideAFunctionCarryItsName) {
  struct Local {
    [[gnu::noinline]] static void Run() {
      Here(__LINE__);
      ++sink;
    }
  };
  Local::Run();
  const std::string name = symbolizer_.Frames(address_here).front().function;
  EXPECT_TRUE(name.ends_with("::TestBody::Local::Run")) << name;
}

TEST_F(SymbolizerTest, UnknownAddressesGiveAnEmptyFrame) {
  int on_stack = 0;
  const auto on_heap = std::make_unique<int>(0);
  for (const uintptr_t address :
       {uintptr_t{0}, uintptr_t{1}, UINTPTR_MAX, reinterpret_cast<uintptr_t>(&on_stack),
        reinterpret_cast<uintptr_t>(on_heap.get()), reinterpret_cast<uintptr_t>(&sink)}) {
    const std::vector<SourceFrame> frames = symbolizer_.Frames(address);
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].function, "??");
    EXPECT_EQ(frames[0].file, "");
    EXPECT_EQ(frames[0].line, 0);
    EXPECT_EQ(frames[0].pc, address);
    EXPECT_EQ(symbolizer_.OperationOrdinal(address, "lock"), 0);
    EXPECT_EQ(symbolizer_.UserStack(Stack{address}).size(), 1u);
  }
  EXPECT_TRUE(symbolizer_.UserStack({}).empty());
  EXPECT_EQ(symbolizer_.Site({}).function, "");
}

// Reading any address of the program's code as a return address, in the middle of instructions too,
// must be safe.
TEST_F(SymbolizerTest, AnyAddressOfTheCodeCanBeLookedUp) {
  PlainFunction();
  const uintptr_t start = address_here;
  for (uintptr_t address = start - 2000; address < start + 2000; ++address) {
    EXPECT_FALSE(symbolizer_.Frames(address).empty());
    EXPECT_GE(symbolizer_.OperationOrdinal(address), 0);
  }
}

TEST_F(SymbolizerTest, NearestLibrarySymbolWithoutDebugInformation) {
  const auto inside = reinterpret_cast<uintptr_t>(&::getpid) + 2;
  const std::vector<SourceFrame> frames = symbolizer_.Frames(inside);
  ASSERT_FALSE(frames.empty());
  EXPECT_TRUE(frames[0].function == "getpid" || frames[0].function == "??") << frames[0].function;
}

// ---- The user's part of a stack ----

Stack stack_in_callback;

[[gnu::noinline]] void UserCallback() {
  stack_in_callback = CurrentStack();
  ++sink;
}

[[gnu::noinline]] void UserCaller() {
  std::function<void()> callback = UserCallback;  // frames of a system header in between
  callback();
  ++sink;
}

TEST_F(SymbolizerTest, UserStackEndsWithTheUsersOutermostFrame) {
  UserCaller();
  const std::vector<SourceFrame> frames = symbolizer_.UserStack(stack_in_callback);
  ASSERT_GE(frames.size(), 3u);
  EXPECT_EQ(frames.front().function, "UserCallback");
  EXPECT_EQ(frames.back().file, "tests/unit/symbolizer_test.cc");
  EXPECT_TRUE(frames.back().function.ends_with("::TestBody")) << frames.back().function;
  EXPECT_EQ(frames[frames.size() - 2].function, "UserCaller");
}

[[gnu::noinline]] void UsesInlined(probe::InlinedMutex& mutex) {
  mutex.lock();
  ++sink;
}

[[gnu::noinline]] void UsesGuard(probe::CalledMutex& mutex) {
  std::lock_guard<probe::CalledMutex> guard(mutex);
  ++sink;
}

TEST_F(SymbolizerTest, UserStackBeginsAtTheUsersCallOfAPrimitive) {
  probe::InlinedMutex mutex;
  UsesInlined(mutex);
  const std::vector<SourceFrame> all = symbolizer_.Frames(probe::Stacks()[0][0]);
  const std::vector<SourceFrame> users = symbolizer_.UserStack(probe::Stacks()[0]);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].function, "probe::InlinedMutex::lock");
  ASSERT_EQ(users.size(), 1u);
  EXPECT_EQ(users[0].function, "UsesInlined");
}

TEST_F(SymbolizerTest, StackWithoutUserFramesIsKept) {
  probe::CalledMutex mutex;
  mutex.lock();
  const std::vector<SourceFrame> frames = symbolizer_.UserStack(Stack{probe::Stacks()[0][0]});
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].function, "probe::CalledMutex::lock");
}

// ---- Ordinals ----

template <class Mutex>
[[gnu::noinline]] void FourOperations(Mutex& a, Mutex& b) {
  a.lock();
  b.lock();
  ++a;
  if (sink > 0) b.unlock();
  a.lock(), b.lock();
  ++sink;
}

// The same with edits that must not matter.
template <class Mutex>
[[gnu::noinline]] void FourOperationsEdited(Mutex& a, Mutex& b) {
  // A comment.
  if (sink < 0) {
    sink = 0;
  }
  a.lock();

  sink += 2;
  b.lock();
  ++a;
  sink *= 2;
  if (sink > 0) b.unlock();
  a.lock(), b.lock();
  ++sink;
}

template <class Mutex>
Texts ExpectedOperations(const std::string& function) {
  return {function + " lock 0", function + " lock 1", function + " operator++ 0",
          function + " lock 2", function + " lock 3"};
}

TEST_F(SymbolizerTest, OperationsAreCountedWhenInlined) {
  probe::InlinedMutex a, b;
  FourOperations(a, b);
  EXPECT_EQ(SiteTexts(), ExpectedOperations<probe::InlinedMutex>("FourOperations"));
}

TEST_F(SymbolizerTest, OperationsAreCountedWhenCalled) {
  probe::CalledMutex a, b;
  FourOperations(a, b);
  EXPECT_EQ(SiteTexts(), ExpectedOperations<probe::CalledMutex>("FourOperations"));
}

TEST_F(SymbolizerTest, OrdinalsSurviveUnrelatedEdits) {
  probe::InlinedMutex a, b;
  probe::CalledMutex c, d;
  FourOperationsEdited(a, b);
  EXPECT_EQ(SiteTexts(), ExpectedOperations<probe::InlinedMutex>("FourOperationsEdited"));
  probe::Stacks().clear();
  FourOperationsEdited(c, d);
  EXPECT_EQ(SiteTexts(), ExpectedOperations<probe::CalledMutex>("FourOperationsEdited"));
}

[[gnu::always_inline]] inline void UserHelper(probe::InlinedMutex& mutex) {
  mutex.lock();
  mutex.lock();
}

[[gnu::noinline]] void CallsHelper(probe::InlinedMutex& mutex) {
  mutex.lock();
  UserHelper(mutex);
  mutex.lock();
  ++sink;
}

TEST_F(SymbolizerTest, AnInlinedUserFunctionHasItsOwnOrdinals) {
  probe::InlinedMutex mutex;
  CallsHelper(mutex);
  EXPECT_EQ(SiteTexts(), (Texts{"CallsHelper lock 0", "UserHelper lock 0", "UserHelper lock 1",
                                "CallsHelper lock 1"}));
}

TEST_F(SymbolizerTest, TheOperationIsWhatTheUserWrote) {
  probe::CalledMutex mutex;
  mutex.lock();
  UsesGuard(mutex);
  ASSERT_EQ(probe::Stacks().size(), 2u);
  // The address in the guard's constructor belongs to the user's function only if it is inlined
  // there; otherwise the stack that the test recorded ends in the library.
  const std::vector<SourceFrame> frames = symbolizer_.Frames(probe::Stacks()[1].back());
  EXPECT_EQ(frames.front().function, "std::lock_guard::lock_guard");
  if (frames.size() > 1) {
    EXPECT_EQ(SiteTexts()[1], "UsesGuard lock_guard 0");
  }
}

template <class Mutex>
[[gnu::noinline]] void LocksInLoop(Mutex& mutex) {
  for (int i = 0; i < 3; ++i) mutex.lock();
  mutex.lock();
  ++sink;
}

TEST_F(SymbolizerTest, UnrolledLoopsAreOnePlace) {
  probe::InlinedMutex inlined;
  LocksInLoop(inlined);
  probe::CalledMutex called;
  LocksInLoop(called);
  const Texts expected = {"LocksInLoop lock 0", "LocksInLoop lock 0", "LocksInLoop lock 0",
                          "LocksInLoop lock 1"};
  Texts twice = expected;
  twice.insert(twice.end(), expected.begin(), expected.end());
  EXPECT_EQ(SiteTexts(), twice);
}

std::vector<Stack> stacks_in_sort;

int Compare(const void* a, const void* b) {
  stacks_in_sort.push_back(CurrentStack());
  return *static_cast<const int*>(a) - *static_cast<const int*>(b);
}

[[gnu::noinline]] void SortTwice(int* values) {
  std::qsort(values, 2, sizeof(int), Compare);
  ++sink;
  std::qsort(values, 2, sizeof(int), Compare);
  ++sink;
}

TEST_F(SymbolizerTest, CallsOfLibrariesAreCounted) {
  int values[] = {2, 1};
  SortTwice(values);
  Texts sites;
  for (const Stack& stack : stacks_in_sort) {
    for (const uintptr_t address : stack) {
      if (symbolizer_.Frames(address).front().function != "SortTwice") continue;
      const UserSite site = symbolizer_.Site(Stack{address});
      EXPECT_EQ(symbolizer_.OperationOrdinal(address), site.ordinal);
      sites.push_back(site.operation + " " + std::to_string(site.ordinal));
    }
  }
  // A sanitizer's qsort() compares more often.
  sites.erase(std::unique(sites.begin(), sites.end()), sites.end());
  EXPECT_EQ(sites, (Texts{"qsort 0", "qsort 1"}));
}

// ---- Data ----

TEST_F(SymbolizerTest, StaticVariablesHaveNames) {
  static int local_static = 0;
  EXPECT_EQ(Describe(&symbolizer_test_global), "symbolizer_test_global");
  EXPECT_EQ(Describe(&sink), "sink");
  EXPECT_EQ(Describe(&table_of_sixteen[0]), "table_of_sixteen");
  EXPECT_EQ(Describe(&table_of_sixteen[4]), "table_of_sixteen+16");
  EXPECT_EQ(Describe(reinterpret_cast<char*>(&sink) + 1), "sink+1");
  const std::string name = Describe(&local_static);
  EXPECT_TRUE(name.ends_with("TestBody::local_static")) << name;
  int on_stack = 0;
  EXPECT_EQ(Describe(&on_stack), "");
  EXPECT_EQ(symbolizer_.DataSymbol(0), "");
}

TEST_F(SymbolizerTest, ModuleOffsetsDoNotDependOnTheLoadAddress) {
  const auto first =
      symbolizer_.DataModuleOffset(reinterpret_cast<uintptr_t>(&table_of_sixteen[0]));
  const auto fourth =
      symbolizer_.DataModuleOffset(reinterpret_cast<uintptr_t>(&table_of_sixteen[4]));
  ASSERT_TRUE(first && fourth);
  char path[PATH_MAX] = {};
  ASSERT_GT(readlink("/proc/self/exe", path, sizeof(path) - 1), 0);
  EXPECT_TRUE(std::string(path).ends_with("/" + first->module)) << first->module;
  EXPECT_EQ(fourth->offset - first->offset, 16u);
  EXPECT_LT(first->offset, uintptr_t{1} << 32);
  int on_stack = 0;
  EXPECT_FALSE(symbolizer_.DataModuleOffset(reinterpret_cast<uintptr_t>(&on_stack)));
  EXPECT_FALSE(symbolizer_.DataModuleOffset(0));
}

}  // namespace
