// malloc, operator new and their relatives, in this ordinary binary: program code is served by the
// arena, all else is not.
#include <locale.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "harness/runtime/heap/malloc_interpose.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {
namespace {

constexpr uint32_t kThread = 7;

struct FaultLog : HeapFaultSink {
  void OnHeapFault(const HeapFault& fault) override { faults.push_back(fault); }
  std::vector<HeapFault> faults;
};

// The rest of the scope is program code. Expectations stay outside: what they allocate is the
// harness's.
struct ProgramScope {
  ProgramScope() { EnterProgram(kThread); }
  ~ProgramScope() { LeaveProgram(); }
};

// Sanitizer builds, which do not run these tests, lack the function.
void UseArena(Arena* arena) {
  if constexpr (kHeapIsDeterministic) UseArenaForProgram(arena);
}

class UnsanitizedHeapInterposeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string error;
    arena_ = Arena::Create({.base = 0xe'5a00'0000}, &error);
    ASSERT_NE(arena_, nullptr) << error;
    arena_->set_fault_sink(&log_);
    arena_->BeginExecution();
    UseArena(arena_.get());
  }
  void TearDown() override { UseArena(nullptr); }

  bool InArena(const void* pointer) const { return arena_->Contains(pointer); }

  std::unique_ptr<Arena> arena_;
  FaultLog log_;
};

// Keeps the compiler from removing a pair of allocation and release.
template <typename T>
T* Opaque(T* pointer) {
  asm volatile("" : "+r"(pointer) : : "memory");
  return pointer;
}

TEST_F(UnsanitizedHeapInterposeTest, EveryAllocationFunctionGoesWhereItsCallerBelongs) {
  for (bool program : {true, false}) {
    std::map<std::string, void*> blocks;
    const auto add = [&](const char* name, auto allocate) {
      if (program) EnterProgram(kThread);
      void* block = Opaque(static_cast<void*>(allocate()));
      LeaveProgram();
      blocks[name] = block;
    };
    add("malloc", [] { return malloc(10); });
    add("calloc", [] { return calloc(3, 5); });
    add("realloc", [] { return realloc(nullptr, 10); });
    add("reallocarray", [] { return reallocarray(nullptr, 10, 3); });
    add("memalign", [] { return memalign(64, 10); });
    add("aligned_alloc", [] { return aligned_alloc(128, 128); });
    add("posix_memalign", [] {
      void* block = nullptr;
      return posix_memalign(&block, 256, 10) == 0 ? block : nullptr;
    });
    add("valloc", [] { return valloc(10); });
    add("pvalloc", [] { return pvalloc(10); });
    add("strdup", [] { return strdup(Opaque("hello")); });
    add("strndup", [] { return strndup(Opaque("hello"), 3); });
    add("new", [] { return ::operator new(10); });
    add("new[]", [] { return ::operator new[](10); });
    add("new nothrow", [] { return ::operator new(10, std::nothrow); });
    add("new[] nothrow", [] { return ::operator new[](10, std::nothrow); });
    add("new aligned", [] { return ::operator new(10, std::align_val_t(512)); });
    add("new[] aligned", [] { return ::operator new[](10, std::align_val_t(512)); });
    for (const auto& [name, block] : blocks) {
      ASSERT_NE(block, nullptr) << name;
      EXPECT_EQ(InArena(block), program) << name;
      EXPECT_GE(malloc_usable_size(block), name == "strndup" ? 4u : 6u) << name;
      if (program) {
        EXPECT_EQ(arena_->Describe(block)->allocated_by.thread, kThread) << name;
      }
    }
    const auto aligned = [&](const char* name, uintptr_t alignment) {
      EXPECT_EQ(reinterpret_cast<uintptr_t>(blocks[name]) % alignment, 0u) << name;
    };
    aligned("memalign", 64);
    aligned("aligned_alloc", 128);
    aligned("posix_memalign", 256);
    aligned("valloc", 4096);
    aligned("pvalloc", 4096);
    aligned("new aligned", 512);
    EXPECT_GE(malloc_usable_size(blocks["pvalloc"]), 4096u);
    EXPECT_STREQ(static_cast<char*>(blocks["strdup"]), "hello");
    EXPECT_STREQ(static_cast<char*>(blocks["strndup"]), "hel");
    EXPECT_EQ(arena_->live_blocks(), program ? blocks.size() : 0u);
    // Released from the other side than they came from: free goes by the address.
    if (!program) EnterProgram(kThread);
    for (const auto& [name, block] : blocks) free(block);
    LeaveProgram();
    EXPECT_EQ(arena_->live_blocks(), 0u);
    EXPECT_TRUE(log_.faults.empty());
  }
}

TEST_F(UnsanitizedHeapInterposeTest, TheSiteIsTheNewExpression) {
  // Both calls are next to each other, so their return addresses must be, too; a site inside the
  // C++ library or inside operator new would be far away.
  void* by_malloc;
  void* by_new;
  {
    ProgramScope program;
    by_malloc = Opaque(malloc(10));
    by_new = Opaque(::operator new(10));
  }
  const uintptr_t a = arena_->Describe(by_malloc)->allocated_by.pc;
  const uintptr_t b = arena_->Describe(by_new)->allocated_by.pc;
  EXPECT_NE(a, b);
  EXPECT_LT(a > b ? a - b : b - a, 200u);
  EXPECT_EQ(arena_->Describe(by_new)->allocation_index, 1u);
}

TEST_F(UnsanitizedHeapInterposeTest, TheCppLibraryWorksOnTheArena) {
  std::string result;
  size_t live_inside = 0;
  bool string_in_arena = false, vector_in_arena = false;
  {
    ProgramScope program;
    std::vector<int> numbers;
    std::map<std::string, std::string> words;
    for (int i = 0; i < 1000; ++i) {
      numbers.push_back(i);
      words["a key that is too long for the small buffer " + std::to_string(i)] =
          std::string(100, 'x');
    }
    vector_in_arena = InArena(numbers.data());
    string_in_arena = InArena(words.begin()->first.data());
    auto shared = std::make_shared<std::string>(200, 'y');
    std::ostringstream text;
    text << numbers.back() << ' ' << words.size() << ' ' << 2.5 << ' ' << shared->size();
    live_inside = arena_->live_blocks();
    try {
      throw std::runtime_error(text.str());
    } catch (const std::exception& e) {
      LeaveProgram();
      result = e.what();
      EnterProgram(kThread);
    }
  }
  EXPECT_EQ(result, "999 1000 2.5 200");
  EXPECT_TRUE(vector_in_arena);
  EXPECT_TRUE(string_in_arena);
  EXPECT_GT(live_inside, 3000u);
  EXPECT_EQ(arena_->live_blocks(), 0u);
  EXPECT_TRUE(log_.faults.empty());
}

TEST_F(UnsanitizedHeapInterposeTest, WhatTheCLibraryKeepsIsNotInTheArena) {
  char line[100] = "";
  FILE* file = nullptr;
  char* long_line = nullptr;
  size_t capacity = 0;
  {
    ProgramScope program;
    file = tmpfile();                          // a FILE, and its buffer at the first write
    fprintf(file, "%s %1000d\n", "hello", 3);  // a work area for the wide field
    rewind(file);
    if (fgets(line, 6, file) == nullptr) line[0] = '?';
    if (getline(&long_line, &capacity, file) < 0) capacity = 0;
    printf("%s", "");
    setenv("HEDDLE_HEAP_TEST", "a value", 1);
    setlocale(LC_ALL, "C.UTF-8");
    tzset();
  }
  EXPECT_STREQ(line, "hello");
  EXPECT_GT(capacity, 1000u);
  EXPECT_FALSE(InArena(file));
  EXPECT_FALSE(InArena(long_line));
  EXPECT_EQ(arena_->live_blocks(), 0u);
  // The next execution takes the whole arena; the C library still works.
  arena_->EndExecution();
  arena_->BeginExecution();
  memset(arena_->Allocate(100'000, 16, {}), 0xff, 100'000);
  rewind(file);
  EXPECT_EQ(fgetc(file), 'h');
  EXPECT_STREQ(getenv("HEDDLE_HEAP_TEST"), "a value");
  fclose(file);
  free(long_line);
  unsetenv("HEDDLE_HEAP_TEST");
  setlocale(LC_ALL, "C");
  EXPECT_TRUE(log_.faults.empty());
}

TEST_F(UnsanitizedHeapInterposeTest, ReallocWorksAcrossBothWorlds) {
  for (bool start_in_program : {true, false}) {
    bool program = start_in_program;
    char* block = nullptr;
    for (size_t size = 1; size < 200'000; size = size * 3 / 2 + 1) {
      if (program) EnterProgram(kThread);
      char* moved = Opaque(static_cast<char*>(realloc(block, size)));
      LeaveProgram();
      ASSERT_NE(moved, nullptr);
      ASSERT_EQ(InArena(moved), program);
      for (size_t i = 0; i < (block == nullptr ? 0 : size * 2 / 3 - 1); ++i) {
        ASSERT_EQ(moved[i], static_cast<char>(i)) << size;
      }
      for (size_t i = 0; i < size; ++i) moved[i] = static_cast<char>(i);
      block = moved;
      program = !program;
    }
    EXPECT_EQ(arena_->live_blocks(), InArena(block) ? 1u : 0u);
    EXPECT_EQ(Opaque(realloc(block, 0)), nullptr);
    EXPECT_EQ(arena_->live_blocks(), 0u);
  }
  EXPECT_TRUE(log_.faults.empty());
}

TEST_F(UnsanitizedHeapInterposeTest, MisuseIsReportedAndSurvived) {
  {
    ProgramScope program;
    char* block = Opaque(static_cast<char*>(malloc(24)));
    char* same = Opaque(block);  // so that the compiler does not see what is coming
    free(block);
    free(same);
    int* number = Opaque(new int(3));
    int* same_number = Opaque(number);
    delete number;
    delete same_number;
    char* other = Opaque(static_cast<char*>(malloc(24)));
    free(Opaque(other + 8));
  }
  ASSERT_EQ(log_.faults.size(), 3u);
  EXPECT_EQ(log_.faults[0].kind, HeapFaultKind::kDoubleFree);
  EXPECT_NE(log_.faults[0].site.pc, log_.faults[0].block->freed_by.pc);
  EXPECT_EQ(log_.faults[1].kind, HeapFaultKind::kDoubleFree);
  EXPECT_EQ(log_.faults[1].block->size, 4u);
  EXPECT_EQ(log_.faults[2].kind, HeapFaultKind::kInvalidFree);
}

TEST_F(UnsanitizedHeapInterposeTest, TheLimitGivesNullAndBadAlloc) {
  bool threw = false, threw_overflow = false;
  void* by_malloc = &threw;
  void* by_calloc = &threw;
  void* by_nothrow = &threw;
  int error = 0, result = 0, posix_error = 0;
  {
    ProgramScope program;
    errno = 0;
    by_malloc = Opaque(malloc(size_t{600} << 20));
    error = errno;
    by_nothrow = Opaque(::operator new(size_t{600} << 20, std::nothrow));
    by_calloc = Opaque(calloc(*Opaque(&arena_->options().limit_bytes), SIZE_MAX / 2));
    errno = 1234;
    result = posix_memalign(&by_malloc, 64, size_t{600} << 20);
    posix_error = errno;
    try {
      Opaque(new char[size_t{600} << 20]);
    } catch (const std::bad_alloc&) {
      threw = true;
    }
    try {
      Opaque(::operator new(SIZE_MAX));
    } catch (const std::bad_alloc&) {
      threw_overflow = true;
    }
  }
  EXPECT_EQ(by_malloc, nullptr);
  EXPECT_EQ(error, ENOMEM);
  EXPECT_EQ(by_nothrow, nullptr);
  EXPECT_EQ(by_calloc, nullptr);
  EXPECT_EQ(result, ENOMEM);
  EXPECT_EQ(posix_error, 1234);
  EXPECT_TRUE(threw);
  EXPECT_TRUE(threw_overflow);
  std::vector<HeapFaultKind> kinds;
  for (const HeapFault& fault : log_.faults) kinds.push_back(fault.kind);
  const auto limit = HeapFaultKind::kMemoryLimit, size = HeapFaultKind::kSizeTooLarge;
  EXPECT_EQ(kinds, (std::vector<HeapFaultKind>{limit, limit, size, limit, limit, size}));
  EXPECT_EQ(arena_->live_blocks(), 0u);  // the exceptions are freed
}

TEST_F(UnsanitizedHeapInterposeTest, BadArgumentsOfPosixMemalignAreRefused) {
  ProgramScope program;
  void* block = nullptr;
  const int three = posix_memalign(&block, 3, 10);
  const int four = posix_memalign(&block, 4, 10);
  const int zero = posix_memalign(&block, 0, 10);
  LeaveProgram();
  EXPECT_EQ(three, EINVAL);
  EXPECT_EQ(four, EINVAL);
  EXPECT_EQ(zero, EINVAL);
  EXPECT_EQ(block, nullptr);
}

// A callback that allocates, as the engine's do.
uint32_t AllocatingDecision(void* context, uint32_t, uint32_t) {
  static_cast<std::vector<std::string>*>(context)->push_back(std::string(100, 'd'));
  return 1;
}

TEST_F(UnsanitizedHeapInterposeTest, CallbacksRunAsHarnessCode) {
  std::vector<std::string> decisions;
  arena_->set_reuse_decision(AllocatingDecision, &decisions);
  void* first;
  void* second;
  {
    ProgramScope program;
    first = Opaque(malloc(50));
    free(first);
    second = Opaque(malloc(50));
    void* again = Opaque(second);
    free(second);
    free(again);  // the log of the fault allocates, too
  }
  EXPECT_EQ(first, second);
  ASSERT_EQ(decisions.size(), 1u);
  EXPECT_FALSE(InArena(decisions[0].data()));
  ASSERT_EQ(log_.faults.size(), 1u);
  EXPECT_FALSE(InArena(log_.faults.data()));
}

TEST_F(UnsanitizedHeapInterposeTest, OtherThreadsKeepToTheCLibrary) {
  std::atomic<bool> stop{false};
  std::atomic<bool> started{false};
  std::atomic<int> in_arena{0};
  void* program_block = arena_->Allocate(100, 16, {});
  std::thread other([&] {
    while (!stop) {
      std::string text(300, 'z');
      void* block = Opaque(malloc(100));
      if (InArena(text.data()) || InArena(block)) ++in_arena;
      free(block);
      started = true;
    }
  });
  while (!started) std::this_thread::yield();
  {
    ProgramScope program;
    for (int i = 0; i < 200'000; ++i) free(Opaque(malloc(i % 500)));
    std::thread([&] { free(Opaque(program_block)); }).join();  // ignored, not a race on the arena
  }
  stop = true;
  other.join();
  EXPECT_EQ(in_arena, 0);
  EXPECT_EQ(arena_->Describe(program_block)->state, BlockState::kLive);
  EXPECT_TRUE(log_.faults.empty());
}

TEST_F(UnsanitizedHeapInterposeTest, WhatTheLoaderAllocatesForAThreadIsNotInTheArena) {
  // A stack of an unusual size, so that no thread that ended before left one with everything in
  // place.
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, size_t{37} << 20);
  pthread_t thread;
  int made = -1;
  {
    ProgramScope program;
    made = pthread_create(&thread, &attributes, [](void* p) { return p; }, nullptr);
    if (made == 0) pthread_join(thread, nullptr);
  }
  pthread_attr_destroy(&attributes);
  ASSERT_EQ(made, 0);
  EXPECT_EQ(arena_->live_blocks(), 0u);
  EXPECT_EQ(arena_->Describe(arena_->Allocate(1, 16, {}))->serial, 0u);  // nor was it, for a while
}

TEST_F(UnsanitizedHeapInterposeTest, ErrnoSurvivesSuccess) {
  ProgramScope program;
  errno = 1234;
  for (int i = 0; i < 40; ++i) free(Opaque(malloc(size_t{1} << 20)));  // the arena grows
  const int after = errno;
  LeaveProgram();
  EXPECT_EQ(after, 1234);
}

}  // namespace
}  // namespace heddle
