// Reference count that is an ordinary integer: two owners give up their reference at the same time.
// Both may read 2, so that the object is never deleted; or both see 0, and it is deleted twice.
//
// Where: reference-counted strings and handles that were written before programs had threads. It is
// why CPython guards every count by its global lock, and why copy-on-write std::string was given up
// in C++11.
//
// The twin counts under a lock, and deletes after it has been given back.
#include <mutex>

#include "cases/race/plain.h"
#include "harness/explore/case.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

template <template <typename> class Memory>
class Buffer {
 public:
  void Release() {
    if (--references_ == 0) delete this;
  }

  void ReleaseFixed() {
    if (ReleasesLast()) delete this;
  }

 private:
  bool ReleasesLast() {
    const std::lock_guard lock(mutex_);  // fix
    return --references_ == 0;
  }

  heddle::Mutex mutex_{"buffer"};
  Memory<int> references_ = 2;
};

template <template <typename> class Memory>
void ReferenceCount() {
  auto* const buffer = new Buffer<Memory>;
  heddle::Thread other([=] { buffer->Release(); });
  buffer->Release();
  other.join();
}

template <template <typename> class Memory>
void ReferenceCountFixed() {
  auto* const buffer = new Buffer<Memory>;
  heddle::Thread other([=] { buffer->ReleaseFixed(); });
  buffer->ReleaseFixed();
  other.join();
}

const heddle::RegisterCase kBug{{
    .name = "race/reference_count",
    .body = ReferenceCount<heddle::Var>,
    .expect = {heddle::FindingKind::kDataRace},
    .tolerate = {heddle::FindingKind::kUseAfterFree, heddle::FindingKind::kDoubleFree},
    .about = "two owners drop a reference counted by an ordinary integer",
}};
const heddle::RegisterCase kTwin{{
    .name = "race/reference_count_fixed",
    .body = ReferenceCountFixed<heddle::Var>,
    .about = "the count is under a lock",
}};
const heddle::RegisterCase kPlainBug{{
    .name = "race/reference_count_plain",
    .body = ReferenceCount<heddle::cases::Plain>,
    .expect = {heddle::FindingKind::kDataRace},
    .tolerate = {heddle::FindingKind::kUseAfterFree, heddle::FindingKind::kDoubleFree},
    .needs_thread_sanitizer = true,
    .about = "two owners drop a reference counted by an ordinary integer (on plain memory)",
}};
const heddle::RegisterCase kPlainTwin{{
    .name = "race/reference_count_plain_fixed",
    .body = ReferenceCountFixed<heddle::cases::Plain>,
    .needs_thread_sanitizer = true,
    .about = "the count is under a lock (on plain memory)",
}};

}  // namespace
