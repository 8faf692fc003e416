// Escaped reference: the accessor takes the lock, but returns a reference to what the lock
// protects. By the time that the caller follows it, the lock has been given back.
//
// Where: getters that return `const Config&`, iterators and pointers out of locked containers. It
// is invisible at the call, which is why Clang's thread safety analysis has a warning for returning
// guarded members by reference.
//
// The twin holds the lock for as long as it uses the reference.
#include <memory>
#include <mutex>

#include "cases/race/plain.h"
#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

template <template <typename> class Memory>
struct Config {
  heddle::RecursiveMutex mutex{"config"};
  Memory<int> timeout = 10;

  const Memory<int>& Timeout() {
    const std::lock_guard lock(mutex);
    return timeout;
  }
  void SetTimeout(int value) {
    const std::lock_guard lock(mutex);
    timeout = value;
  }
};

template <template <typename> class Memory>
void EscapedReference() {
  const auto config = std::make_unique<Config<Memory>>();
  heddle::Thread reader([&] { heddle::Assert(config->Timeout() > 0, "a timeout is set"); });
  config->SetTimeout(20);
  reader.join();
}

template <template <typename> class Memory>
void EscapedReferenceFixed() {
  const auto config = std::make_unique<Config<Memory>>();
  heddle::Thread reader([&] {
    const std::lock_guard lock(config->mutex);  // fix
    heddle::Assert(config->Timeout() > 0, "a timeout is set");
  });
  config->SetTimeout(20);
  reader.join();
}

const heddle::RegisterCase kBug{{
    .name = "race/escaped_reference",
    .body = EscapedReference<heddle::Var>,
    .expect = {heddle::FindingKind::kDataRace},
    .preemptions = 1,
    .about = "a getter returns a reference to what its lock protects",
}};
const heddle::RegisterCase kTwin{{
    .name = "race/escaped_reference_fixed",
    .body = EscapedReferenceFixed<heddle::Var>,
    .about = "the caller holds the lock too",
}};
const heddle::RegisterCase kPlainBug{{
    .name = "race/escaped_reference_plain",
    .body = EscapedReference<heddle::cases::Plain>,
    .expect = {heddle::FindingKind::kDataRace},
    .preemptions = 1,
    .needs_thread_sanitizer = true,
    .about = "a getter returns a reference to what its lock protects (on plain memory)",
}};
const heddle::RegisterCase kPlainTwin{{
    .name = "race/escaped_reference_plain_fixed",
    .body = EscapedReferenceFixed<heddle::cases::Plain>,
    .needs_thread_sanitizer = true,
    .about = "the caller holds the lock too (on plain memory)",
}};

}  // namespace
