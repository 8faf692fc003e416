// What reports say of bugs that deserve words of their own, and where they point.
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/report/evidence.h"
#include "harness/report/text_report.h"
#include "harness/runtime/controlled/watched_call.h"
#include "harness/runtime/heap/malloc_interpose.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/latch.h"
#include "primitives/mutex.h"
#include "primitives/once.h"
#include "primitives/shared_mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/unit/report_test_support.h"

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

void UpgradeAlone() {
  SharedMutex m("m");
  m.lock_shared();
  m.lock();
}

TEST(ReportVerdictTest, UpgradeOfOnesOwnSharedLock) {
  Investigation investigation;
  const auto finding = investigation.Find(UpgradeAlone, FindingKind::kDeadlock);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_EQ(finding->summary,
            "deadlock: main wants m exclusively while it holds it shared, and waits for itself");
}

void UpgradeByTwo() {
  SharedMutex m("m");
  const auto upgrade = [&m] {
    m.lock_shared();
    m.lock();
    m.unlock();
    m.unlock_shared();
  };
  Thread other(upgrade);
  upgrade();
  other.join();
}

TEST(ReportVerdictTest, TwoThatUpgradeWaitForEachOther) {
  Investigation investigation;
  for (uint64_t seed = 1; seed < 20; ++seed) {
    const auto finding = investigation.Find(UpgradeByTwo, FindingKind::kDeadlock, seed);
    ASSERT_TRUE(finding.has_value()) << "bug not found";
    if (!finding->summary.starts_with("deadlock: main and T1")) continue;
    EXPECT_EQ(finding->summary,
              "deadlock: main and T1 hold m shared and each wants it exclusively, which none can "
              "get while the others read");
    return;
  }
  FAIL() << "no schedule in which both hold it";
}

void OnceInsideOnce() {
  OnceFlag flag("flag");
  call_once(flag, [&flag] { call_once(flag, [] {}); });
}

TEST(ReportVerdictTest, RecursiveCallOnce) {
  Investigation investigation;
  const auto finding = investigation.Find(OnceInsideOnce, FindingKind::kDeadlock);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_EQ(finding->summary,
            "deadlock: main calls call_once of flag from inside of the call that it guards, and "
            "waits for itself");
}

void DestroyJoinable() {
  Atomic<int> n(0, "n");
  {
    Thread lost([&n] { n.store(1); });
  }
  while (n.load() == 0) Yield();
}

TEST(ReportVerdictTest, JoinableThreadIsReportedWhereItIsDestroyed) {
  Investigation investigation;
  const auto finding = investigation.Find(DestroyJoinable, FindingKind::kThreadLeak);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_EQ(finding->summary,
            "thread leak: main destroys the object of T1, which is neither joined nor detached");
  ASSERT_EQ(finding->sides.size(), 2u);
  EXPECT_EQ(finding->sides[0].role, "destroyed");
  ASSERT_FALSE(finding->sides[0].stack.empty());
  EXPECT_THAT(finding->sides[0].stack.front().function, EndsWith("DestroyJoinable"));
  EXPECT_EQ(finding->sides[1].role, "started");
}

__attribute__((noinline)) void ThrowDeep(int depth) {
  if (depth == 0) throw std::out_of_range("too far");
  ThrowDeep(depth - 1);
  asm volatile("" ::: "memory");  // no tail call
}

void ThrowOutOfThread() {
  Thread thrower([] {
    try {
      throw 1;  // caught: not the one
    } catch (int) {
    }
    ThrowDeep(1);
  });
  thrower.join();
}

TEST(ReportVerdictTest, ExceptionPointsAtItsThrow) {
  Investigation investigation;
  const auto finding = investigation.Find(ThrowOutOfThread, FindingKind::kException);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_EQ(finding->summary,
            "uncaught exception in T1: std::out_of_range (\"too far\") was thrown, and nothing in "
            "the thread catches it");
  ASSERT_EQ(finding->sides.size(), 1u);
  ASSERT_GE(finding->sides[0].stack.size(), 2u);
  EXPECT_THAT(finding->sides[0].stack[0].function, EndsWith("ThrowDeep"));
  EXPECT_THAT(finding->sides[0].stack[1].function, EndsWith("ThrowDeep"));
}

void ThrowNumber() { throw 7; }

TEST(ReportVerdictTest, ExceptionWithoutWordsIsNamedByItsType) {
  Investigation investigation;
  const auto finding = investigation.Find(ThrowNumber, FindingKind::kException);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_EQ(finding->summary,
            "uncaught exception in main: an int was thrown, and nothing in the thread catches it");
}

void ThrowWhileUnwinding() {
  struct Thrower {
    ~Thrower() noexcept(false) { ThrowNumber(); }
  };
  try {
    const Thrower thrower;
    ThrowNumber();
  } catch (...) {
  }
}

TEST(UnsanitizedReportVerdictTest, ADestructorThatThrowsDuringUnwindingIsNotCalledNoexcept) {
  Investigation investigation;
  const auto finding = investigation.Find(ThrowWhileUnwinding, FindingKind::kException);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_THAT(finding->summary, HasSubstr("an int was about to leave a destructor"));
  EXPECT_THAT(finding->explanation,
              HasSubstr("Another exception was unwinding the stack, and had come to "));
  EXPECT_THAT(finding->explanation, HasSubstr("ThrowWhileUnwinding"));
  EXPECT_THAT(finding->explanation, Not(HasSubstr("is noexcept")));
}

void LatchNeverReached() {
  Latch latch(2);
  latch.arrive_and_wait();
}

void EndUnderAPendingLoad() {
  alignas(Atomic<int>) unsigned char storage[sizeof(Atomic<int>)];
  auto* const n = new (storage) Atomic<int>(0, "n");
  Thread reader([n] { n->load(); });
  n->store(1);
  n->~Atomic();
  reader.join();
}

TEST(ReportVerdictTest, WhoIsAboutToUseWhatEndsIsNamed) {
  Investigation investigation;
  const auto finding = investigation.Find(EndUnderAPendingLoad, FindingKind::kUseAfterFree);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_THAT(finding->explanation, StartsWith("T1 is about to use it ("));
}

TEST(ReportVerdictTest, TheEnginesOwnFramesAreNoPlace) {
  Symbolizer symbolizer;
  const auto inside = reinterpret_cast<uintptr_t>(&internal::HeddleCallWatched) + 8;
  EXPECT_TRUE(ReportFrames(symbolizer, Stack{inside}).empty());
}

TEST(ReportVerdictTest, LatchIsCalledALatch) {
  Investigation investigation;
  const auto finding = investigation.Find(LatchNeverReached, FindingKind::kStuck);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_THAT(finding->summary, HasSubstr("latch #1"));
  EXPECT_THAT(finding->summary, Not(HasSubstr("barrier")));
}

TEST(ReportVerdictTest, Articles) {
  EXPECT_EQ(WithArticle("mutex"), "a mutex");
  EXPECT_EQ(WithArticle("atomic"), "an atomic");
  EXPECT_EQ(WithArticle("once flag"), "a once flag");
}

TEST(ReportVerdictTest, RecursionIsOneLine) {
  Finding finding;
  FindingSide side;
  side.role = "crash";
  side.stack = {
      {"Enter", "x.cc", 9, 0, 0}, {"Recurse", "x.cc", 12, 0, 90}, {"Main", "x.cc", 20, 0}};
  finding.sides.push_back(side);
  EXPECT_THAT(RenderText(finding), HasSubstr("    #0 Enter    x.cc:9\n"
                                             "    #1 Recurse  x.cc:12\n"
                                             "    ... 90 more frames of Recurse at x.cc:12\n"
                                             "    #92 Main     x.cc:20\n"));
  finding.sides[0].stack.pop_back();
  EXPECT_THAT(RenderText(finding), HasSubstr("    ... at least 90 more frames of Recurse at"));
}

// What a container of the program allocates is the program's: the allocator alone says nothing.
__attribute__((noinline)) int* AllocateDeepDown() { return new int(1); }

__attribute__((noinline)) void FreeDeepDown(int* block) {
  delete block;
  asm volatile("");  // a call that came last would be a jump
}

void LeakDeepDown() {
  const int* volatile lost = AllocateDeepDown();
  Assert(lost != nullptr, "there is memory");
}

void FreeTwiceDeepDown() {
  int* volatile block = AllocateDeepDown();
  FreeDeepDown(block);
  FreeDeepDown(block);
}

std::vector<std::string> FunctionsOf(const FindingSide& side) {
  std::vector<std::string> functions;
  for (const Frame& frame : side.stack) functions.push_back(frame.function);
  return functions;
}

TEST(UnsanitizedReportHeapTest, BlocksHaveTheStackOfTheirAllocation) {
  Investigation investigation;
  const auto leak = investigation.Find(LeakDeepDown, FindingKind::kLeak);
  ASSERT_TRUE(leak.has_value()) << "bug not found";
  ASSERT_EQ(leak->sides.size(), 1u);
  EXPECT_THAT(FunctionsOf(leak->sides[0]),
              ElementsAre(EndsWith("AllocateDeepDown"), EndsWith("LeakDeepDown")));

  const auto twice = investigation.Find(FreeTwiceDeepDown, FindingKind::kDoubleFree);
  ASSERT_TRUE(twice.has_value()) << "bug not found";
  ASSERT_EQ(twice->sides.size(), 3u);
  EXPECT_EQ(twice->sides[1].role, "allocated");
  EXPECT_THAT(FunctionsOf(twice->sides[1]),
              ElementsAre(EndsWith("AllocateDeepDown"), EndsWith("FreeTwiceDeepDown")));
  EXPECT_EQ(twice->sides[2].role, "freed");
  EXPECT_THAT(FunctionsOf(twice->sides[2]),
              ElementsAre(EndsWith("FreeDeepDown"), EndsWith("FreeTwiceDeepDown")));
}

int global_node = 0;

TEST(ReportPointersTest, ValuesAreNamedByWhatTheyPointTo) {
  Recording recording;
  recording.threads.resize(1);
  constexpr uintptr_t kHeap = 0xd'5a00'1000;
  constexpr uintptr_t kStack = 0x7000'0000'0000;
  const auto block = [](uintptr_t begin, uint32_t serial) {
    return RecordedMemory{begin, begin + 16, false, kMainThread, 16, serial, {}};
  };
  recording.memory = {block(kHeap + 64, 7), block(kHeap, 3), block(kHeap + 64, 9),
                      {kStack, kStack + 4096, true, kMainThread, 0, 0, {}}};
  const auto load = [&recording](uint64_t value) {
    RecordedEvent event;
    event.op = Operation{.kind = OpKind::kLoad, .size = 8};
    event.value = value;
    recording.events.push_back(event);
    return value;
  };
  const auto global = load(reinterpret_cast<uintptr_t>(&global_node));
  const auto inner = load(kStack + 64);
  const auto outer = load(kStack + 128);
  const auto first = load(kHeap);
  const auto second = load(kHeap + 72);
  const auto tagged = load(kHeap | uint64_t{3} << 48);
  const auto number = load(5'000'000'000);

  Symbolizer symbolizer;
  const Pointers pointers(recording, {"main"}, {}, {}, symbolizer);
  EXPECT_THAT(pointers.NameOf(global), EndsWith("global_node"));
  EXPECT_EQ(pointers.NameOf(outer), "local 1 of main");
  EXPECT_EQ(pointers.NameOf(inner), "local 2 of main");
  EXPECT_EQ(pointers.NameOf(first), "block 1");
  EXPECT_EQ(pointers.NameOf(second), "block 2+8");
  EXPECT_EQ(pointers.NameOf(tagged), "block 1 tagged 3");
  // A sanitizer maps what it likes: any large number may be an address.
  if (kHeapIsDeterministic) {
    EXPECT_EQ(pointers.NameOf(number), "");
  }
  EXPECT_EQ(pointers.NameOf(7), "");

  const std::vector<FindingPointer> legend = pointers.Legend({second, number, global});
  ASSERT_EQ(legend.size(), 1u);
  EXPECT_EQ(legend[0].name, "block 2");
  EXPECT_EQ(legend[0].meaning, "16 bytes, allocated by main; again by main");
}

}  // namespace
}  // namespace heddle::testing
