// Load, then store: the counter is atomic, so that there is no data race, but `x = x + 1` on an
// atomic is a load and a store, and an addition that comes between them is lost all the same.
//
// Where: code that was made "thread-safe" by turning an int into std::atomic<int> (or volatile, in
// Java) and left as it was otherwise.
//
// The twin keeps the two steps together by a lock; fetch_add would do as well.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"

namespace {

void LoadThenStore() {
  heddle::Atomic<int> hits(0, "hits");
  const auto hit = [&] { hits.store(hits.load() + 1); };
  heddle::Thread first(hit);
  heddle::Thread second(hit);
  first.join();
  second.join();
  heddle::Assert(hits.load() == 2, "every hit is counted");
}

void LoadThenStoreFixed() {
  heddle::Atomic<int> hits(0, "hits");
  heddle::Mutex mutex("mutex");
  const auto hit = [&] {
    const std::lock_guard lock(mutex);  // fix
    hits.store(hits.load() + 1);
  };
  heddle::Thread first(hit);
  heddle::Thread second(hit);
  first.join();
  second.join();
  heddle::Assert(hits.load() == 2, "every hit is counted");
}

const heddle::RegisterCase kBug{{
    .name = "atomicity/load_then_store",
    .body = LoadThenStore,
    .expect = {heddle::FindingKind::kAssertion},
    .preemptions = 1,
    .about = "an atomic counter is incremented by a load and a store",
}};
const heddle::RegisterCase kTwin{{
    .name = "atomicity/load_then_store_fixed",
    .body = LoadThenStoreFixed,
    .about = "the two are kept together",
}};

}  // namespace
