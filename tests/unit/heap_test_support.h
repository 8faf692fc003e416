// An arena of its own for each test of it, with the faults that it reports.
#ifndef HEDDLE_TESTS_UNIT_HEAP_TEST_SUPPORT_H_
#define HEDDLE_TESTS_UNIT_HEAP_TEST_SUPPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/runtime/heap/arena.h"

namespace heddle {

// Beside the engine's own arena, which other tests of this process may have in use, and where the
// sanitizer keeps nothing of its own.
#if defined(HEDDLE_ASAN)
inline constexpr uintptr_t kTestBase = 0x2000'0000'0000;
#else
inline constexpr uintptr_t kTestBase = 0xe'5a00'0000;
#endif

struct FaultLog : HeapFaultSink {
  void OnHeapFault(const HeapFault& fault) override { faults.push_back(fault); }
  std::vector<HeapFault> faults;
};

class HeapTest : public testing::Test {
 protected:
  void SetUp() override { Make({}); }

  void Make(ArenaOptions options) {
    arena_.reset();
    options.base = kTestBase;
    std::string error;
    arena_ = Arena::Create(options, &error);
    ASSERT_NE(arena_, nullptr) << error;
    arena_->set_fault_sink(&log_);
  }

  char* Alloc(size_t size, uint32_t thread = 0, uintptr_t pc = 0, size_t alignment = 16) {
    return static_cast<char*>(arena_->Allocate(size, alignment, {thread, pc}));
  }

  std::unique_ptr<Arena> arena_;
  FaultLog log_;
};

}  // namespace heddle

#endif  // HEDDLE_TESTS_UNIT_HEAP_TEST_SUPPORT_H_
