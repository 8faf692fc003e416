// Seqlock with plain data: the reader copies the data while it may be written, and throws the copy
// away if the sequence number has changed. The copy that is thrown away is a data race all the
// same, and the compiler may read the data again after the check.
//
// Where: seqlocks carried over from the Linux kernel, where READ_ONCE and barriers stand in for
// atomics. Boehm, "Can Seqlocks Get Along with Programming Language Memory Models?" (MSPC 2012).
//
// In the twin the data is atomic; the sequence number still makes the pair consistent, for which
// both of the writer's steps and the reader's check are needed.
#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

template <typename Cell>
class Point {
 public:
  void Set(int value) {
    sequence_.fetch_add(1);
    x_.store(value);
    y_.store(value);
    sequence_.fetch_add(1);
  }

  void Check() {
    for (;;) {
      const int before = sequence_.load();
      if (before % 2 == 0) {
        const int x = x_.load();
        const int y = y_.load();
        if (sequence_.load() == before) {
          heddle::Assert(x == y, "both coordinates are of one point");
          return;
        }
      }
      heddle::Yield();
    }
  }

 private:
  heddle::Atomic<int> sequence_{0, "sequence"};
  Cell x_{0};
  Cell y_{0};
};

using Cell = heddle::Var<int>;

void Seqlock() {
  Point<Cell> point;
  heddle::Thread writer([&] { point.Set(1); });
  point.Check();
  writer.join();
}

void SeqlockFixed() {
  using Cell = heddle::Atomic<int>;  // fix
  Point<Cell> point;
  heddle::Thread writer([&] { point.Set(1); });
  point.Check();
  writer.join();
}

const heddle::RegisterCase kBug{{
    .name = "memory_order/seqlock",
    .body = Seqlock,
    .expect = {heddle::FindingKind::kDataRace},
    .about = "a seqlock whose data is ordinary memory",
}};
const heddle::RegisterCase kTwin{{
    .name = "memory_order/seqlock_fixed",
    .body = SeqlockFixed,
    .about = "its data is atomic",
}};

}  // namespace
