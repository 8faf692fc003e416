// Double-checked initialisation: the lock is taken only while the object does not exist yet, and
// the first look, without the lock, is at an ordinary pointer. A thread that sees the pointer set
// has nothing that orders it after the object's initialisation.
//
// Where: singletons and lazy tables everywhere, until Java 5 and C++11 gave the pattern a sound
// form; "The 'Double-Checked Locking is Broken' Declaration" (Bacon and others) and Meyers and
// Alexandrescu, "C++ and the Perils of Double-Checked Locking" (2004), tell the story.
//
// The twin takes the lock for every look. (memory_order/double_checked keeps the fast path, with an
// atomic pointer.)
#include <mutex>

#include "cases/race/plain.h"
#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

template <template <typename> class Memory>
struct Settings {
  Memory<int> limit = 0;
};

template <template <typename> class Memory>
class Lazy {
 public:
  ~Lazy() { delete static_cast<Settings<Memory>*>(settings_); }

  int Limit() {
    if (settings_ == nullptr) {
      const std::lock_guard lock(mutex_);
      if (settings_ == nullptr) Make();
    }
    return settings_->limit;
  }

  int LimitFixed() {
    const std::lock_guard lock(mutex_);  // fix
    if (settings_ == nullptr) Make();
    return settings_->limit;
  }

 private:
  void Make() {
    auto* const made = new Settings<Memory>;
    made->limit = 10;
    settings_ = made;
  }

  heddle::Mutex mutex_{"mutex"};
  Memory<Settings<Memory>*> settings_ = nullptr;
};

template <template <typename> class Memory>
void DoubleCheckedInit() {
  Lazy<Memory> lazy;
  const auto use = [&] { heddle::Assert(lazy.Limit() == 10, "the settings are complete"); };
  heddle::Thread first(use);
  heddle::Thread second(use);
  first.join();
  second.join();
}

template <template <typename> class Memory>
void DoubleCheckedInitFixed() {
  Lazy<Memory> lazy;
  const auto use = [&] { heddle::Assert(lazy.LimitFixed() == 10, "the settings are complete"); };
  heddle::Thread first(use);
  heddle::Thread second(use);
  first.join();
  second.join();
}

const heddle::RegisterCase kBug{{
    .name = "race/double_checked_init",
    .body = DoubleCheckedInit<heddle::Var>,
    .expect = {heddle::FindingKind::kDataRace},
    .about = "a lazily made object is looked for without the lock",
}};
const heddle::RegisterCase kTwin{{
    .name = "race/double_checked_init_fixed",
    .body = DoubleCheckedInitFixed<heddle::Var>,
    .about = "every look takes the lock",
}};
const heddle::RegisterCase kPlainBug{{
    .name = "race/double_checked_init_plain",
    .body = DoubleCheckedInit<heddle::cases::Plain>,
    .expect = {heddle::FindingKind::kDataRace},
    .needs_thread_sanitizer = true,
    .about = "a lazily made object is looked for without the lock (on plain memory)",
}};
const heddle::RegisterCase kPlainTwin{{
    .name = "race/double_checked_init_plain_fixed",
    .body = DoubleCheckedInitFixed<heddle::cases::Plain>,
    .needs_thread_sanitizer = true,
    .about = "every look takes the lock (on plain memory)",
}};

}  // namespace
