// The stack switch itself: what a suspended function keeps, with and without wrfsbase.
#include <alloca.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include "harness/runtime/fiber/context_x86_64.h"
#include "tests/unit/fiber_test_support.h"

#ifdef __clang__
#define UNOPTIMIZED __attribute__((noinline, optnone))
#else
#define UNOPTIMIZED __attribute__((noinline, optimize("O0"), optimize("no-omit-frame-pointer")))
#endif

namespace heddle {
namespace {

// Two contexts that continue each other.
struct Pair {
  Context here;
  Context there;
};

// Fills the registers that a function must preserve with seed + 1 .. seed + 6, calls
// call(argument), and returns the bits in which any of them differs afterwards.
__attribute__((naked, noinline)) uint64_t DisturbedRegisters(uint64_t /*seed*/,
                                                             void (* /*call*/)(void*),
                                                             void* /*argument*/) {
  asm("pushq %rbx\n\t"
      "pushq %rbp\n\t"
      "pushq %r12\n\t"
      "pushq %r13\n\t"
      "pushq %r14\n\t"
      "pushq %r15\n\t"
      "pushq %rdi\n\t"
      "leaq 1(%rdi), %rbx\n\t"
      "leaq 2(%rdi), %rbp\n\t"
      "leaq 3(%rdi), %r12\n\t"
      "leaq 4(%rdi), %r13\n\t"
      "leaq 5(%rdi), %r14\n\t"
      "leaq 6(%rdi), %r15\n\t"
      "movq %rdx, %rdi\n\t"
      "call *%rsi\n\t"
      "popq %rdi\n\t"
      "leaq 1(%rdi), %rax\n\t"
      "xorq %rbx, %rax\n\t"
      "leaq 2(%rdi), %rcx\n\t"
      "xorq %rbp, %rcx\n\t"
      "orq %rcx, %rax\n\t"
      "leaq 3(%rdi), %rcx\n\t"
      "xorq %r12, %rcx\n\t"
      "orq %rcx, %rax\n\t"
      "leaq 4(%rdi), %rcx\n\t"
      "xorq %r13, %rcx\n\t"
      "orq %rcx, %rax\n\t"
      "leaq 5(%rdi), %rcx\n\t"
      "xorq %r14, %rcx\n\t"
      "orq %rcx, %rax\n\t"
      "leaq 6(%rdi), %rcx\n\t"
      "xorq %r15, %rcx\n\t"
      "orq %rcx, %rax\n\t"
      "popq %r15\n\t"
      "popq %r14\n\t"
      "popq %r13\n\t"
      "popq %r12\n\t"
      "popq %rbp\n\t"
      "popq %rbx\n\t"
      "ret");
}

__attribute__((noinline)) void GoThere(void* pair) {
  SwitchContext(&static_cast<Pair*>(pair)->here, &static_cast<Pair*>(pair)->there);
}

__attribute__((noinline)) void GoHere(void* pair) {
  SwitchContext(&static_cast<Pair*>(pair)->there, &static_cast<Pair*>(pair)->here);
}

UNOPTIMIZED void GoThereUnoptimized(void* pair) {
  SwitchContext(&static_cast<Pair*>(pair)->here, &static_cast<Pair*>(pair)->there);
}

// The other side: changes every register and comes back, for ever.
void DisturbAll(void* pair) {
  for (uint64_t seed = 0x5555'0000'0000'0000;; seed += 16) DisturbedRegisters(seed, &GoHere, pair);
}

// Keeps integers, doubles, a long double and an over-aligned array beside a block of variable size
// (with which compilers need a third frame register) across switches, or across none if there is
// no pair. The result is the same.
__attribute__((noinline)) double KeepValues(Pair* pair, int rounds, size_t block_size) {
  alignas(64) std::array<double, 8> aligned{};
  auto* block = static_cast<unsigned char*>(alloca(block_size));
  memset(block, 1, block_size);
  double a = 1, b = 2, c = 3, d = 4;
  long double e = 0.5L;
  uint64_t i = 1, j = 2, k = 3;
  for (int round = 0; round < rounds; ++round) {
    if (pair != nullptr) SwitchContext(&pair->here, &pair->there);
    a += b * 0.5;
    b += c * 0.25;
    c += d * 0.125;
    d += 1;
    e += 0.5L;
    i += j;
    j ^= k;
    k += block[round % block_size];
    aligned[round % 8] += a;
  }
  double sum = a + b + c + d + static_cast<double>(e) + static_cast<double>(i + j + k);
  for (double value : aligned) sum += value;
  return sum;
}

UNOPTIMIZED double KeepValuesUnoptimized(Pair* pair, int rounds) {
  double a = 1, b = 2;
  long double e = 0.5L;
  uint64_t i = 1;
  for (int round = 0; round < rounds; ++round) {
    SwitchContext(&pair->here, &pair->there);
    a += b * 0.5;
    b += 1;
    e += 0.5L;
    i += static_cast<uint64_t>(round);
  }
  return a + b + static_cast<double>(e) + static_cast<double>(i);
}

// Runs `test` with a donor on the other side, by wrfsbase if there is, then by arch_prctl.
template <class Test>
void WithEachFsBaseMethod(Test test) {
  const bool allowed = internal::fs_base_instructions_allowed;
  for (bool use : {true, false}) {
    if (use && !allowed) continue;
    SCOPED_TRACE(use ? "wrfsbase" : "arch_prctl");
    internal::fs_base_instructions_allowed = use;
    test();
  }
  internal::fs_base_instructions_allowed = allowed;
}

// A side without thread context: the same FS base on both stacks.
class BareStack {
 public:
  explicit BareStack(void (*entry)(void*)) {
    pair_.here = CarrierContext();
    pair_.there = pair_.here;
    PrepareContext(&pair_.there, stack_.data() + stack_.size(), entry, &pair_);
  }
  Pair* pair() { return &pair_; }

 private:
  Pair pair_;
  alignas(64) std::array<char, 64 << 10> stack_;
};

TEST(FiberSwitch, KeepsTheRegistersThatAFunctionMustPreserve) {
  BareStack other(&DisturbAll);
  for (uint64_t seed = 1; seed < 100'000; seed += 7) {
    ASSERT_EQ(DisturbedRegisters(seed << 32, &GoThere, other.pair()), 0u);
    ASSERT_EQ(DisturbedRegisters(seed << 32, &GoThereUnoptimized, other.pair()), 0u);
  }
}

TEST(FiberSwitch, KeepsValuesOfEveryKind) {
  BareStack other(&DisturbAll);
  for (int rounds : {0, 1, 17, 1000}) {
    EXPECT_EQ(KeepValues(other.pair(), rounds, 100), KeepValues(nullptr, rounds, 100));
  }
  // a: 1 -> 1 + (2 + 3) / 2; b: 4; e: 1.5; i: 1 + 0 + 1.
  EXPECT_EQ(KeepValuesUnoptimized(other.pair(), 2), 3.5 + 4 + 1.5 + 2);
}

uintptr_t entry_frame;

void NoteEntryFrame(void* pair) {
  entry_frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  for (;;) GoHere(pair);
}

// A function that is called as the ABI wants it has its frame address at a multiple of 16.
TEST(FiberSwitch, StartsWithAnAlignedStack) {
  BareStack other(&NoteEntryFrame);
  GoThere(other.pair());
  EXPECT_EQ(entry_frame % 16, 0u);
}

TEST(FiberSwitch, ChangesTheThreadPointerWithTheStack) {
  WithEachFsBaseMethod([] {
    Donor donor;
    ASSERT_EQ(donor.Start({}), 0);
    const pthread_t carrier = pthread_self();
    const uintptr_t carrier_fs_base = internal::ReadFsBase();
    pthread_t first = carrier, second = carrier;
    TestFiber fiber(&donor, [&](TestFiber& self) {
      first = pthread_self();
      self.Suspend();
      second = pthread_self();
    });
    fiber.Resume();
    EXPECT_TRUE(pthread_equal(pthread_self(), carrier));
    EXPECT_EQ(internal::ReadFsBase(), carrier_fs_base);
    fiber.Resume();
    EXPECT_TRUE(fiber.ended());
    EXPECT_FALSE(pthread_equal(first, carrier));
    EXPECT_TRUE(pthread_equal(first, second));
    EXPECT_NE(donor.context()->fs_base, carrier_fs_base);
  });
}

TEST(FiberSwitch, KeepsRegistersWhenTheThreadPointerChanges) {
  WithEachFsBaseMethod([] {
    Donor donor;
    ASSERT_EQ(donor.Start({}), 0);
    int turns = 0;
    TestFiber fiber(&donor, [&](TestFiber& self) {
      for (uint64_t seed = 1; turns < 2000; seed += 16) {
        ++turns;
        DisturbedRegisters(
            seed, [](void* fiber) { static_cast<TestFiber*>(fiber)->Suspend(); }, &self);
      }
    });
    for (uint64_t seed = 1; !fiber.ended(); seed += 7) {
      ASSERT_EQ(
          DisturbedRegisters(
              seed << 40, [](void* fiber) { static_cast<TestFiber*>(fiber)->Resume(); }, &fiber),
          0u);
    }
    EXPECT_EQ(turns, 2000);
  });
}

// arch_prctl must not leave anything in errno either, nor may the futex.
TEST(FiberSwitch, LeavesErrnoAlone) {
  WithEachFsBaseMethod([] {
    Donor donor;
    ASSERT_EQ(donor.Start({}), 0);
    int first = -1, second = -1;
    TestFiber fiber(&donor, [&](TestFiber& self) {
      first = errno;
      errno = 11;
      self.Suspend();
      second = errno;
    });
    errno = 5;
    fiber.Resume();
    EXPECT_EQ(errno, 5);
    errno = 6;
    fiber.Resume();
    EXPECT_EQ(errno, 6);
    EXPECT_EQ(first, 0);
    EXPECT_EQ(second, 11);
  });
}

// Valgrind cannot run a sanitizer's runtime. Version 3.19 knows neither wrfsbase nor rdfsbase, and
// says so in AT_HWCAP2. It cannot read the debug information of newer compilers either, so that it
// gets a copy of this program without.
TEST(UnsanitizedFiberSwitch, RunsUnderValgrind) {
  const std::string copy = testing::TempDir() + "heddle_fiber_test_" + std::to_string(getpid());
  const std::string command =
      "strip --strip-debug -o '" + copy + "' /proc/" + std::to_string(getpid()) +
      "/exe && valgrind --tool=none -q '" + copy +
      "' --gtest_filter='FiberSwitch.*:FiberThreadLocal.*:FiberException.*' 2>&1";
  FILE* valgrind = popen(command.c_str(), "r");
  ASSERT_NE(valgrind, nullptr);
  std::string output;
  for (char line[512]; fgets(line, sizeof(line), valgrind) != nullptr;) output += line;
  EXPECT_EQ(pclose(valgrind), 0) << output;
  unlink(copy.c_str());
  EXPECT_NE(output.find("[  PASSED  ]"), std::string::npos) << output;
}

}  // namespace
}  // namespace heddle
