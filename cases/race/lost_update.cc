// Lost update: two threads add to one counter. An addition reads, adds and writes back; nothing
// orders the two, so that one of them can overwrite the other.
//
// Where: wherever `++` is taken for one step: hit counters, statistics, ids, lengths of queues. Two
// unsynchronised writers to one data structure also silenced the alarms of the energy management
// system before the blackout of August 2003 in the north-east of the USA.
//
// The twin adds under a lock.
#include <mutex>

#include "cases/race/plain.h"
#include "harness/explore/case.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

template <template <typename> class Memory>
void LostUpdate() {
  Memory<int> counter = 0;
  const auto add = [&] { ++counter; };
  heddle::Thread first(add);
  heddle::Thread second(add);
  first.join();
  second.join();
}

template <template <typename> class Memory>
void LostUpdateFixed() {
  heddle::Mutex mutex("mutex");
  Memory<int> counter = 0;
  const auto add = [&] {
    const std::lock_guard lock(mutex);  // fix
    ++counter;
  };
  heddle::Thread first(add);
  heddle::Thread second(add);
  first.join();
  second.join();
}

const heddle::RegisterCase kBug{{
    .name = "race/lost_update",
    .body = LostUpdate<heddle::Var>,
    .expect = {heddle::FindingKind::kDataRace},
    .about = "two threads increment a counter",
}};
const heddle::RegisterCase kTwin{{
    .name = "race/lost_update_fixed",
    .body = LostUpdateFixed<heddle::Var>,
    .about = "both increment it under a lock",
}};
const heddle::RegisterCase kPlainBug{{
    .name = "race/lost_update_plain",
    .body = LostUpdate<heddle::cases::Plain>,
    .expect = {heddle::FindingKind::kDataRace},
    .needs_thread_sanitizer = true,
    .about = "two threads increment a counter (on plain memory)",
}};
const heddle::RegisterCase kPlainTwin{{
    .name = "race/lost_update_plain_fixed",
    .body = LostUpdateFixed<heddle::cases::Plain>,
    .needs_thread_sanitizer = true,
    .about = "both increment it under a lock (on plain memory)",
}};

}  // namespace
