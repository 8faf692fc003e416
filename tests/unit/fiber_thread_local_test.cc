// Every program thread on a donor begins as a new thread would, and ends like one.
#include <errno.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "harness/runtime/fiber/donor.h"
#include "harness/runtime/fiber/sanitizer_tls.h"
#include "harness/runtime/fiber/thread_exit.h"
#include "harness/runtime/fiber/tls_image.h"
#include "tests/unit/fiber_test_support.h"

namespace heddle {
namespace {

std::vector<std::string>* log = nullptr;

struct Logged {
  explicit Logged(std::string its_name) : name(std::move(its_name)) { log->push_back("+" + name); }
  ~Logged() { log->push_back("-" + name); }
  std::string name;
};

int next_number = 0;

thread_local int initialised = 42;
thread_local int zero[5];
thread_local char odd_size[3] = {'a', 'b', 'c'};
thread_local int numbered = ++next_number;
thread_local Logged first_logged("first");
thread_local Logged second_logged("second");

class FiberThreadLocal : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(donor_.Start({}), 0);
    log = &log_;
    next_number = 0;
  }
  void TearDown() override { SetThreadExitListFinder(nullptr); }

  Donor donor_;
  std::vector<std::string> log_;
};

TEST_F(FiberThreadLocal, IsFreshForEachProgramThreadOnADonor) {
  ASSERT_TRUE(donor_.Reusable());
  for (int thread = 1; thread <= 3; ++thread) {
    int seen_initialised = 0, seen_zero = 1, seen_numbered = 0, seen_errno = 1;
    std::string seen_odd;
    RunOn(&donor_, [&] {
      seen_errno = errno;
      seen_initialised = initialised;
      seen_zero = *std::max_element(zero, zero + 5);
      seen_odd.assign(odd_size, 3);
      seen_numbered = numbered;
      errno = 7;
      initialised = 43;
      std::fill(zero, zero + 5, thread);
      std::fill(odd_size, odd_size + 3, 'x');
      numbered = 100;
    });
    EXPECT_EQ(seen_errno, 0);
    EXPECT_EQ(seen_initialised, 42);
    EXPECT_EQ(seen_zero, 0);
    EXPECT_EQ(seen_odd, "abc");
    EXPECT_EQ(seen_numbered, thread);  // the dynamic initialiser ran again
  }
  EXPECT_EQ(initialised, 42);  // the carrier's own
}

TEST_F(FiberThreadLocal, IsDestroyedNewestFirstWhenTheProgramThreadEnds) {
  const int threads = donor_.Reusable() ? 3 : 1;
  for (int thread = 0; thread < threads; ++thread) {
    log_.clear();
    RunOn(&donor_, [&] {
      second_logged.name += " of fiber";
      first_logged.name += " of fiber";
      log->push_back("end");
    });
    // One dynamic initialisation initialises all variables of the file, in their order.
    EXPECT_EQ(log_, (std::vector<std::string>{"+first", "+second", "end", "-second of fiber",
                                              "-first of fiber"}));
  }
}

TEST_F(FiberThreadLocal, BelongsToOneOfSeveralFibers) {
  Donor other_donor;
  ASSERT_EQ(other_donor.Start({}), 0);
  std::vector<int> seen;
  const auto body = [&](TestFiber& self) {
    initialised += 1;
    self.Suspend();
    seen.push_back(initialised);
  };
  TestFiber one(&donor_, [&](TestFiber& self) {
    initialised = 10;
    body(self);
  });
  TestFiber two(&other_donor, body);
  one.Resume();
  two.Resume();
  one.Resume();
  two.Resume();
  EXPECT_EQ(seen, (std::vector<int>{11, 43}));
}

// With an engine installed, a thread that it does not know still destroys its own variables.
TEST_F(FiberThreadLocal, OfAnotherOsThreadIsLeftToTheCLibrary) {
  RunOn(&donor_, [] {});  // installs the finder
  log_.clear();
  std::thread([&] {
    first_logged.name = "os";
    log->push_back("end");
  }).join();
  EXPECT_EQ(log_, (std::vector<std::string>{"+first", "+second", "end", "-second", "-os"}));
}

TEST(ThreadExitList, RunsDestructorsThatAreRegisteredMeanwhile) {
  static std::vector<int>* order;
  static ThreadExitList* list;
  std::vector<int> ran;
  ThreadExitList exit_list;
  order = &ran;
  list = &exit_list;
  const ThreadExitList::Destructor note = [](void* number) {
    order->push_back(*static_cast<int*>(number));
  };
  int numbers[] = {0, 1, 2, 3};
  static int late;
  late = 99;
  exit_list.Add(note, &numbers[0]);
  exit_list.Add(
      [](void* number) {
        order->push_back(*static_cast<int*>(number));
        list->Add([](void* added) { order->push_back(*static_cast<int*>(added)); }, &late);
      },
      &numbers[1]);
  exit_list.Add(note, &numbers[2]);
  exit_list.Run();
  EXPECT_EQ(ran, (std::vector<int>{2, 1, 99, 0}));
  EXPECT_TRUE(exit_list.empty());
}

TEST(ThreadExitList, GrowsAndIsUsedAgain) {
  static std::vector<int*>* ran;
  std::vector<int*> order;
  ran = &order;
  std::vector<int> objects(10'000);
  ThreadExitList list;
  for (int round = 0; round < 2; ++round) {
    order.clear();
    for (int& object : objects) {
      list.Add([](void* destroyed) { ran->push_back(static_cast<int*>(destroyed)); }, &object);
    }
    list.Run();
    ASSERT_EQ(order.size(), objects.size());
    for (size_t i = 0; i < order.size(); ++i) ASSERT_EQ(order[i], &objects[objects.size() - 1 - i]);
  }
}

TEST(ThreadExitList, ForgetsWhenCleared) {
  ThreadExitList list;
  list.Add([](void*) { FAIL() << "ran"; }, nullptr);
  list.Clear();
  EXPECT_TRUE(list.empty());
  list.Run();
}

TEST(ThreadExitList, KeepsTheOthersWhenADestructorThrows) {
  static int ran;
  ran = 0;
  ThreadExitList list;
  list.Add([](void*) { ++ran; }, nullptr);
  list.Add([](void*) { throw 1; }, nullptr);
  EXPECT_THROW(list.Run(), int);
  EXPECT_EQ(ran, 0);
  list.Run();
  EXPECT_EQ(ran, 1);
}

TEST(TlsImage, CoversTheProgramAndNotTheCLibrary) {
  Donor donor;
  ASSERT_EQ(donor.Start({}), 0);
  ASSERT_TRUE(donor.Reusable());
  const TlsImage& image = TlsImage::OfProgram(0);
  const uintptr_t fs_base = internal::ReadFsBase();
  const auto covers = [&](const void* address) {
    return std::any_of(image.begin(), image.end(), [&](const TlsImage::Range& range) {
      const uintptr_t begin = fs_base + static_cast<uintptr_t>(range.offset);
      return reinterpret_cast<uintptr_t>(address) - begin < range.size;
    });
  };
  EXPECT_TRUE(covers(&initialised));
  EXPECT_TRUE(covers(&zero[4]));
  EXPECT_FALSE(covers(&errno));
  for (const TlsImage::Range& range : image) {
    EXPECT_GT(range.size, 0u);
    EXPECT_LE(range.offset + static_cast<intptr_t>(range.size), 0);
    for (const TlsImage::Range& other : image) {
      if (&other == &range) continue;
      EXPECT_TRUE(range.offset + static_cast<intptr_t>(range.size) <= other.offset ||
                  other.offset + static_cast<intptr_t>(other.size) <= range.offset);
    }
  }
}

TEST(TlsImage, SeesTheVariablesOfASanitizerInTheExecutable) {
  std::vector<internal::TlsSymbol> symbols;
  ASSERT_TRUE(internal::FindSanitizerTls(&symbols));
  EXPECT_EQ(!symbols.empty(), internal::SanitizerIsInExecutable());
}

}  // namespace
}  // namespace heddle
