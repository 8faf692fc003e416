// Donors and their pool: stacks, ends, limits, and that nothing of them stays behind.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "harness/runtime/fiber/donor.h"
#include "tests/unit/fiber_test_support.h"

namespace heddle {
namespace {

size_t CountEntries(const char* directory) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

size_t CountThreads() { return CountEntries("/proc/self/task"); }

size_t CountMappings() {
  std::ifstream maps("/proc/self/maps");
  size_t lines = 0;
  for (std::string line; std::getline(maps, line);) ++lines;
  return lines;
}

// The kernel removes a thread from /proc a moment after pthread_join returned.
bool ThreadsFallTo(size_t count) {
  for (int attempt = 0; attempt < 1000 && CountThreads() > count; ++attempt) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return CountThreads() == count;
}

TEST(FiberDonor, StackIsThatOfItsThread) {
  Donor donor;
  ASSERT_EQ(donor.Start({}), 0);
  uintptr_t local_address = 0, thread_stack_begin = 0, thread_stack_end = 0;
  RunOn(&donor, [&] {
    local_address = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    void* begin;
    size_t size;
    pthread_attr_getstack(&attributes, &begin, &size);
    pthread_attr_destroy(&attributes);
    thread_stack_begin = reinterpret_cast<uintptr_t>(begin);
    thread_stack_end = thread_stack_begin + size;
  });
  SetThreadExitListFinder(nullptr);
  const StackBounds bounds = donor.stack();
  EXPECT_TRUE(bounds.Contains(local_address));
  EXPECT_EQ(thread_stack_begin, bounds.lowest);
  EXPECT_LT(bounds.highest, thread_stack_end);
  EXPECT_GE(bounds.highest - bounds.lowest, DonorOptions().stack_size);
  EXPECT_EQ(bounds.lowest - bounds.guard, DonorOptions().guard_size);
  EXPECT_TRUE(bounds.IsOverflow(bounds.lowest - 1));
  EXPECT_FALSE(bounds.IsOverflow(bounds.guard - 1));
  EXPECT_FALSE(bounds.IsOverflow(bounds.lowest));
}

const Donor* overflowing = nullptr;

__attribute__((noinline)) int Recurse(int depth) {
  volatile char frame[512];
  frame[0] = static_cast<char>(depth);
  return depth == 0 ? 0 : Recurse(depth - 1) + frame[0];
}

TEST(FiberDonorDeathTest, OverflowFaultsInTheGuard) {
  const auto overflow = [] {
    static std::array<char, 64 << 10> signal_stack;
    stack_t alternate{};
    alternate.ss_sp = signal_stack.data();
    alternate.ss_size = signal_stack.size();
    sigaltstack(&alternate, nullptr);
    struct sigaction action {};
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    action.sa_sigaction = [](int, siginfo_t* info, void*) {
      _exit(overflowing->stack().IsOverflow(reinterpret_cast<uintptr_t>(info->si_addr)) ? 21 : 22);
    };
    sigaction(SIGSEGV, &action, nullptr);
    Donor donor;
    donor.Start({});
    overflowing = &donor;
    RunOn(&donor, [] { Recurse(1'000'000); });
  };
  EXPECT_EXIT(overflow(), testing::ExitedWithCode(21), "");
}

TEST(FiberDonor, RetiresWhereverItsFiberIs) {
  Donor first;
  ASSERT_EQ(first.Start({}), 0);  // a sanitizer makes its own thread when it sees one made
  const size_t threads = CountThreads();
  {
    Donor never_used;
    ASSERT_EQ(never_used.Start({}), 0);
    Donor in_catch_block;
    ASSERT_EQ(in_catch_block.Start({}), 0);
    EXPECT_EQ(CountThreads(), threads + 2);
    TestFiber fiber(&in_catch_block, [](TestFiber& self) {
      ExpectLeaks();
      std::string local(100, 'x');
      std::array<char, 10'000> large;
      large.fill('y');
      try {
        throw 1;
      } catch (int) {
        self.Suspend();
      }
      FAIL() << local << large[5];
    });
    fiber.Resume();
  }
  SetThreadExitListFinder(nullptr);
  EXPECT_TRUE(ThreadsFallTo(threads));
}

// The C library interrupts every thread for it, sleeping donors too.
TEST(FiberDonor, SurvivesSetgid) {
  Donor donor;
  ASSERT_EQ(donor.Start({}), 0);
  bool intact = false;
  TestFiber fiber(&donor, [&](TestFiber& self) {
    std::array<char, 1000> local;
    local.fill('z');
    self.Suspend();
    intact = std::string(local.data(), local.size()) == std::string(local.size(), 'z');
  });
  fiber.Resume();
  ASSERT_EQ(setgid(getgid()), 0);
  fiber.Resume();
  SetThreadExitListFinder(nullptr);
  EXPECT_TRUE(intact);
}

TEST(FiberDonor, StartsAgainAfterRetiring) {
  Donor donor;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(donor.Start({}), 0);
    bool ran = false;
    RunOn(&donor, [&] { ran = true; });
    EXPECT_TRUE(ran);
    donor.Retire();
    EXPECT_FALSE(donor.started());
  }
  SetThreadExitListFinder(nullptr);
}

TEST(FiberDonor, LeavesNothingBehind) {
  static int steps;
  const auto create_and_retire = [](int count) {
    for (int i = 0; i < count; ++i) {
      Donor donor;
      ASSERT_EQ(donor.Start({}), 0);
      TestFiber fiber(&donor, [&](TestFiber& self) {
        ++steps;
        if (i % 2 == 0) self.Suspend();  // and is abandoned
      });
      fiber.Resume();
    }
  };
  create_and_retire(50);
  const size_t threads = CountThreads();
  const size_t mappings = CountMappings();
  const size_t files = CountEntries("/proc/self/fd");
  create_and_retire(2000);
  SetThreadExitListFinder(nullptr);
  EXPECT_TRUE(ThreadsFallTo(threads));
  // A sanitizer's runtime grows its own tables; a leak would show as 2,000.
  EXPECT_LE(CountMappings(), mappings + (UnderSanitizer() ? 200 : 5));
  EXPECT_EQ(CountEntries("/proc/self/fd"), files);
  EXPECT_EQ(steps, 2050);
}

TEST(FiberDonor, AThousandAreAlive) {
  constexpr size_t kFibers = 1000;
  std::vector<Donor> donors(kFibers);
  std::vector<std::unique_ptr<TestFiber>> fibers;
  size_t rounds = 0;
  for (Donor& donor : donors) {
    const int error = donor.Start({});
    ASSERT_EQ(error, 0) << strerror(error);
    fibers.push_back(std::make_unique<TestFiber>(&donor, [&](TestFiber& self) {
      for (int round = 0; round < 10; ++round) {
        ++rounds;
        self.Suspend();
      }
    }));
  }
  for (int round = 0; round < 11; ++round) {
    for (auto& fiber : fibers) fiber->Resume();
  }
  for (auto& fiber : fibers) EXPECT_TRUE(fiber->ended());
  EXPECT_EQ(rounds, kFibers * 10);
  for (Donor& donor : donors) donor.Retire();
  SetThreadExitListFinder(nullptr);
}

TEST(FiberDonor, SaysThatMemoryEnds) {
  DonorOptions options;
  options.stack_size = size_t{1} << 50;
  Donor donor;
  const size_t mappings = CountMappings();
  EXPECT_EQ(donor.Start(options), ENOMEM);
  EXPECT_FALSE(donor.started());
  EXPECT_LE(CountMappings(), mappings + (UnderSanitizer() ? 5 : 0));
}

TEST(FiberDonorDeathTest, SaysThatThreadsEnd) {
  const auto start_without_threads = [] {
    const rlimit one_process{1, 1};
    setrlimit(RLIMIT_NPROC, &one_process);
    if (geteuid() == 0 && setuid(65534) != 0) _exit(1);  // root is above the limit
    Donor donor;
    _exit(donor.Start({}) == EAGAIN && !donor.started() ? 31 : 32);
  };
  EXPECT_EXIT(start_without_threads(), testing::ExitedWithCode(31), "");
}

}  // namespace
}  // namespace heddle
