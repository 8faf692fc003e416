// Lazy cache fill: a reader misses the cache, gets the value from the store, and fills the cache.
// If the value changes in between, the writer's invalidation comes before the fill, and the cache
// keeps a value that is never corrected.
//
// Where: every cache beside a database. Nishtala and others, "Scaling Memcache at Facebook" (NSDI
// 2013), call it a stale set, and give the remedy that the twin uses: a lease. The miss hands out a
// lease, an invalidation revokes it, and a fill without a lease is dropped.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

constexpr int kNothing = 0;

class Cache {
 public:
  int Find() {
    const std::lock_guard lock(mutex_);
    if (value_ == kNothing) leased_ = true;
    return value_;
  }
  void Invalidate() {
    const std::lock_guard lock(mutex_);
    leased_ = false;
    value_ = kNothing;
  }
  void Fill(int value) {
    const std::lock_guard lock(mutex_);
    value_ = value;
  }
  void FillFixed(int value) {
    const std::lock_guard lock(mutex_);
    if (!leased_) return;  // fix
    value_ = value;
  }

 private:
  heddle::Mutex mutex_{"cache"};
  heddle::Var<int> value_ = kNothing;
  heddle::Var<bool> leased_ = false;  // to the only reader of this case
};

void ExpectFresh(Cache& cache, int stored) {
  const int cached = cache.Find();
  heddle::Assert(cached == kNothing || cached == stored, "the cache agrees with the store");
}

void LazyCacheFill() {
  heddle::Atomic<int> store(1, "store");
  Cache cache;
  heddle::Thread writer([&] {
    store.store(2);
    cache.Invalidate();
  });
  if (cache.Find() == kNothing) cache.Fill(store.load());
  writer.join();
  ExpectFresh(cache, store.load());
}

void LazyCacheFillFixed() {
  heddle::Atomic<int> store(1, "store");
  Cache cache;
  heddle::Thread writer([&] {
    store.store(2);
    cache.Invalidate();
  });
  if (cache.Find() == kNothing) cache.FillFixed(store.load());
  writer.join();
  ExpectFresh(cache, store.load());
}

const heddle::RegisterCase kBug{{
    .name = "atomicity/lazy_cache_fill",
    .body = LazyCacheFill,
    .expect = {heddle::FindingKind::kAssertion},
    .preemptions = 1,
    .about = "a cache is filled with a value that has just changed",
}};
const heddle::RegisterCase kTwin{{
    .name = "atomicity/lazy_cache_fill_fixed",
    .body = LazyCacheFillFixed,
    .about = "a fill whose lease has been revoked is dropped",
}};

}  // namespace
