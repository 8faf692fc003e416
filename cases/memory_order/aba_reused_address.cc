// ABA by a reused address: a log-out remembers which session is the current one, and later ends it
// by a compare-and-swap of the pointer. Meanwhile the session has been deleted and a new one made,
// for which the allocator has taken the same memory: the comparison succeeds, and the wrong session
// ends. Nothing is read after it was freed.
//
// Where: addresses used as identity beyond the object's life: caches keyed by pointer, file
// descriptors and process ids that are closed and given out again. It shows only if the allocator
// reuses the block at that moment, which is why Heddle makes that a choice of the schedule.
//
// In the twin a serial number in the pointer's unused bits makes every session different.
#include <cstdint>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

struct Session {
  explicit Session(int of) : user(of) {}
  heddle::Var<int> user;
};

// A pointer in the lower 48 bits, a serial number above them.
using SessionWord = uint64_t;
constexpr int kSerialShift = 48;

SessionWord WordOf(Session* session, uint64_t serial) {
  return reinterpret_cast<uint64_t>(session) | serial << kSerialShift;
}
Session* SessionOf(SessionWord word) {
  return reinterpret_cast<Session*>(word & ((uint64_t{1} << kSerialShift) - 1));
}

void LogOutUser1(heddle::Atomic<SessionWord>& current, SessionWord remembered) {
  if (!current.compare_exchange_strong(remembered, 0)) return;
  Session* const ended = SessionOf(remembered);
  const int user = ended->user;
  delete ended;
  heddle::Assert(user == 1, "user 1 is logged out, nobody else");
}

void AbaReusedAddress() {
  const SessionWord first = WordOf(new Session(1), 0);
  heddle::Atomic<SessionWord> current(first, "current");
  heddle::Thread log_out([&] { LogOutUser1(current, first); });
  delete SessionOf(current.exchange(0));
  current.store(WordOf(new Session(2), 0));
  log_out.join();
  delete SessionOf(current.load());
}

void AbaReusedAddressFixed() {
  const SessionWord first = WordOf(new Session(1), 0);
  heddle::Atomic<SessionWord> current(first, "current");
  heddle::Thread log_out([&] { LogOutUser1(current, first); });
  delete SessionOf(current.exchange(0));
  uint64_t serial = 0;
  ++serial;  // fix
  current.store(WordOf(new Session(2), serial));
  log_out.join();
  delete SessionOf(current.load());
}

const heddle::RegisterCase kBug{{
    .name = "memory_order/aba_reused_address",
    .body = AbaReusedAddress,
    .expect = {heddle::FindingKind::kAssertion},
    .needs_deterministic_heap = true,
    .about = "a pointer is taken for the object it was, after its memory is reused",
}};
const heddle::RegisterCase kTwin{{
    .name = "memory_order/aba_reused_address_fixed",
    .body = AbaReusedAddressFixed,
    .about = "a serial number tells sessions apart",
}};

}  // namespace
