// Objects of Heddle's in memory that has been freed, and allocations that fail.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/support/controlled.h"

namespace heddle {
namespace {

using testing::Controlled;

// Another pointer to the block, of which the compiler does not know it.
template <typename T>
T* Opaque(T* pointer) {
  asm volatile("" : "+r"(pointer) : : "memory");
  return pointer;
}

class EveryAccess final : public EventSink {
 public:
  EventMask Wants() const override { return {OpKind::kRead, OpKind::kWrite}; }
  void OnEvent(const Event&) override {}
};

// What one execution raises, and that it is the same where somebody looks at every access, as in
// the execution that confirms a finding.
std::string Raised(void (*body)()) {
  std::string text[2];
  uint64_t key[2] = {};
  for (const bool watched : {false, true}) {
    Controlled controlled;
    EveryAccess everything;
    if (watched) controlled.engine().SetEventSinks({&everything});
    controlled.RunRandom(body);
    text[watched] = controlled.Text();
    for (const Suspicion& suspicion : controlled.suspicions) key[watched] += suspicion.key;
  }
  EXPECT_EQ(text[0], text[1]);
  EXPECT_EQ(key[0], key[1]);
  return text[0];
}

template <typename T>
struct Node {
  T object{0};
  int plain = 0;
};

template <typename T>
Node<T>* Freed() {
  auto* const node = new Node<T>;
  delete Opaque(node);
  return node;
}

// Sanitizers have a heap of their own.
class UnsanitizedEngineHeapTest : public ::testing::Test {};

// What an object keeps for Heddle is no write of the program's, and each freed block is told of
// once.
TEST_F(UnsanitizedEngineHeapTest, AUseOfAnObjectInFreedMemoryIsOneFinding) {
  const std::string variable =
      "use-after-free: use of a variable in memory that has been freed; ";
  const std::string atomic = "use-after-free: use of an atomic in memory that has been freed; ";
  EXPECT_EQ(Raised([] { static_cast<void>(Freed<Var<int>>()->object.load()); }), variable);
  EXPECT_EQ(Raised([] { Freed<Var<int>>()->object = 1; }), variable);
  EXPECT_EQ(Raised([] {
              auto* const node = Freed<Var<int>>();
              static_cast<void>(node->object.load());
              Thread([=] { static_cast<void>(node->object.load()); }).join();
              node->plain = 1;
            }),
            variable);
  EXPECT_EQ(Raised([] { static_cast<void>(Freed<Atomic<int>>()->object.load()); }), atomic);
  EXPECT_EQ(Raised([] {
              auto* const node = Freed<Atomic<int>>();
              static_cast<void>(node->object.load());
              node->object.store(2);
            }),
            atomic);
  EXPECT_EQ(Raised([] {
              auto* const mutex = new Mutex;
              delete Opaque(mutex);
              static_cast<void>(mutex->try_lock());
              mutex->unlock();
            }),
            "use-after-free: use of a mutex in memory that has been freed; ");
}

TEST_F(UnsanitizedEngineHeapTest, EachFreedBlockThatIsUsedIsTold) {
  Controlled controlled;
  controlled.RunRandom([] {
    auto* const one = Freed<Var<int>>();
    auto* const other = Freed<Var<int>>();
    static_cast<void>(one->object.load());
    static_cast<void>(other->object.load());
  });
  EXPECT_EQ(controlled.Count(FindingKind::kUseAfterFree), 2) << controlled.Text();
}

TEST_F(UnsanitizedEngineHeapTest, AWriteToAFreedBlockIsTold) {
  EXPECT_EQ(Raised([] { Freed<Var<int>>()->plain = 1; }),
            "use-after-free: a freed block was written to; ");
}

// Of an execution with a final check.
std::string RaisedAtEnd(void (*body)(), void (*at_end)()) {
  Controlled controlled;
  RandomWalkDecider decider;
  for (int i = 0; i < 2; ++i) {  // the engine goes on
    controlled.suspicions.clear();
    decider.Begin(Plan{});
    controlled.engine().Run(Program{.body = body, .at_end = at_end}, decider);
  }
  return controlled.Text();
}

Atomic<int>* freed_atomic = nullptr;
Var<int>* freed_variable = nullptr;

// Invariants and final checks use what they should not, too.
TEST_F(UnsanitizedEngineHeapTest, ACheckThatUsesFreedMemoryIsTold) {
  EXPECT_EQ(RaisedAtEnd([] { freed_atomic = &Freed<Atomic<int>>()->object; },
                        [] { freed_atomic->load(); }),
            "use-after-free: use of an atomic in memory that has been freed; ");
  EXPECT_EQ(RaisedAtEnd([] { freed_variable = &Freed<Var<int>>()->object; },
                        [] { static_cast<void>(freed_variable->load()); }),
            "use-after-free: use of a variable in memory that has been freed; ");
  freed_atomic = nullptr;  // or other tests' blocks there are no leaks
  freed_variable = nullptr;
}

// More than any heap holds.
volatile size_t never = size_t{1} << 40;

TEST_F(UnsanitizedEngineHeapTest, AnAllocationThatCanNeverBeMetFailsAsTheStandardSays) {
  EXPECT_EQ(Raised([] {
              bool threw = false;
              try {
                delete[] Opaque(new char[never]);
              } catch (const std::bad_alloc&) {
                threw = true;
              }
              Assert(threw);
              Assert(Opaque(new (std::nothrow) char[never]) == nullptr);
              errno = 0;
              Assert(Opaque(std::malloc(never)) == nullptr && errno == ENOMEM);
              errno = 0;
              Assert(Opaque(std::calloc(never, 2)) == nullptr && errno == ENOMEM);
              errno = 0;
              Assert(Opaque(std::calloc(never, never)) == nullptr && errno == ENOMEM);
              errno = 0;
              Assert(Opaque(std::aligned_alloc(64, never)) == nullptr && errno == ENOMEM);
              void* const block = std::malloc(10);
              errno = 0;
              Assert(std::realloc(Opaque(block), never) == nullptr && errno == ENOMEM);
              std::free(block);
            }),
            "");
  EXPECT_EQ(Raised([] { delete[] Opaque(new char[never]); }),
            "exception: std::bad_alloc (\"std::bad_alloc\") was thrown, and nothing in the thread "
            "catches it; ");
}

// Whatever the program makes of it: it has grown too large.
TEST_F(UnsanitizedEngineHeapTest, AProgramThatExceedsTheMemoryLimitIsOneFinding) {
  const std::string exhausted =
      "crash: memory exhausted: the program holds more than the limit of 512 MiB; ";
  EXPECT_EQ(Raised([] {
              std::vector<char*> kept;
              for (;;) kept.push_back(Opaque(new char[32 << 20]));
            }),
            exhausted);
  EXPECT_EQ(Raised([] {
              std::vector<char*> kept;
              try {
                for (;;) kept.push_back(Opaque(new char[32 << 20]));
              } catch (const std::bad_alloc&) {
              }
              for (char* block : kept) delete[] block;
            }),
            exhausted);
  EXPECT_EQ(Raised([] {
              Thread([] {
                for (;;) *static_cast<char*>(Opaque(std::malloc(32 << 20))) = 1;
              }).join();
            }),
            exhausted);
  EXPECT_EQ(RaisedAtEnd([] {},
                        [] {
                          for (;;) *Opaque(new char[32 << 20]) = 1;
                        }),
            exhausted);
  EXPECT_EQ(RaisedAtEnd([] {},
                        [] {
                          for (;;) *static_cast<char*>(Opaque(std::malloc(32 << 20))) = 1;
                        }),
            exhausted);
}

}  // namespace
}  // namespace heddle
