// Double-checked initialisation with an atomic pointer, but relaxed orders: the pointer is never
// torn and the object is made once, and yet a reader on the fast path may see the pointer before it
// sees what the object was filled with.
//
// Where: lazily made singletons that were "repaired" with an atomic pointer;
// race/double_checked_init is the older form.
//
// The twin publishes with release and looks with acquire on the fast path. The second look needs no
// order: it is under the lock.
#include <memory>
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

struct Orders {
  heddle::MemoryOrder look = heddle::MemoryOrder::relaxed;
  heddle::MemoryOrder publish = heddle::MemoryOrder::relaxed;
};

struct Settings {
  heddle::Var<int> limit = 0;
};

class Lazy {
 public:
  explicit Lazy(Orders orders) : orders_(orders) {}
  ~Lazy() { delete settings_.load(heddle::MemoryOrder::relaxed); }

  int Limit() {
    Settings* settings = settings_.load(orders_.look);
    if (settings == nullptr) settings = Make();
    return settings->limit;
  }

 private:
  Settings* Make() {
    const std::lock_guard lock(mutex_);
    Settings* settings = settings_.load(heddle::MemoryOrder::relaxed);
    if (settings == nullptr) {
      settings = new Settings;
      settings->limit = 10;
      settings_.store(settings, orders_.publish);
    }
    return settings;
  }

  const Orders orders_;
  heddle::Mutex mutex_{"mutex"};
  heddle::Atomic<Settings*> settings_{nullptr, "settings"};
};

void UseTwice(Orders orders) {
  Lazy lazy(orders);
  heddle::Thread other([&] { lazy.Limit(); });
  lazy.Limit();
  other.join();
}

void DoubleChecked() { UseTwice({}); }

void DoubleCheckedFixed() {
  UseTwice({
      .look = heddle::MemoryOrder::acquire,     // fix
      .publish = heddle::MemoryOrder::release,  // fix
  });
}

const heddle::RegisterCase kBug{{
    .name = "memory_order/double_checked",
    .body = DoubleChecked,
    .expect = {heddle::FindingKind::kDataRace},
    .about = "double-checked initialisation with relaxed orders",
}};
const heddle::RegisterCase kTwin{{
    .name = "memory_order/double_checked_fixed",
    .body = DoubleCheckedFixed,
    .about = "acquire on the fast path, release at publication",
}};

}  // namespace
