// Racy flag: a worker runs until an ordinary bool becomes true. The compiler may read it once,
// before the loop, and what was written before the flag was set need not be visible to the worker.
//
// Where: `while (!done)` and `volatile bool quit` in any program; Boehm, "How to miscompile
// programs with 'benign' data races" (HotPar 2011), shows what becomes of them.
//
// The twin reads and writes the flag under a lock: both sides need it.
#include <mutex>

#include "cases/race/plain.h"
#include "harness/explore/case.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

template <template <typename> class Memory>
void RacyFlag() {
  Memory<bool> stop = false;
  heddle::Thread worker([&] {
    while (!stop) heddle::Yield();
  });
  stop = true;
  worker.join();
}

template <template <typename> class Memory>
void RacyFlagFixed() {
  heddle::Mutex mutex("mutex");
  Memory<bool> stop = false;
  const auto stopped = [&] {
    const std::lock_guard lock(mutex);  // fix
    return static_cast<bool>(stop);
  };
  const auto request_stop = [&] {
    const std::lock_guard lock(mutex);  // fix
    stop = true;
  };
  heddle::Thread worker([&] {
    while (!stopped()) heddle::Yield();
  });
  request_stop();
  worker.join();
}

const heddle::RegisterCase kBug{{
    .name = "race/racy_flag",
    .body = RacyFlag<heddle::Var>,
    .expect = {heddle::FindingKind::kDataRace},
    .about = "a worker polls an ordinary bool that another thread sets",
}};
const heddle::RegisterCase kTwin{{
    .name = "race/racy_flag_fixed",
    .body = RacyFlagFixed<heddle::Var>,
    .about = "the flag is under a lock",
}};
const heddle::RegisterCase kPlainBug{{
    .name = "race/racy_flag_plain",
    .body = RacyFlag<heddle::cases::Plain>,
    .expect = {heddle::FindingKind::kDataRace},
    .needs_thread_sanitizer = true,
    .about = "a worker polls an ordinary bool that another thread sets (on plain memory)",
}};
const heddle::RegisterCase kPlainTwin{{
    .name = "race/racy_flag_plain_fixed",
    .body = RacyFlagFixed<heddle::cases::Plain>,
    .needs_thread_sanitizer = true,
    .about = "the flag is under a lock (on plain memory)",
}};

}  // namespace
