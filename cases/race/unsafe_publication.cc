// Unsafe publication: an object is entered in a shared place before it is complete. The lock of the
// shared place protects the pointer, not what is written to the object afterwards.
//
// Where: constructors that register `this` with an event source or start a thread on it before the
// last member is set (which the Java memory model's designers warn of as "letting `this` escape");
// device drivers that register their interrupt handler before the state that it uses is ready, a
// steady source of fixes in the Linux kernel.
//
// The twin completes the object before it publishes it.
#include <mutex>

#include "cases/race/plain.h"
#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

template <template <typename> class Memory>
struct Session {
  Memory<int> user = 0;
};

template <template <typename> class Memory>
class Directory {
 public:
  void Publish(Session<Memory>* session) {
    const std::lock_guard lock(mutex_);
    session_ = session;
  }
  Session<Memory>* Find() {
    const std::lock_guard lock(mutex_);
    return session_;
  }

 private:
  heddle::Mutex mutex_{"directory"};
  Memory<Session<Memory>*> session_ = nullptr;
};

template <template <typename> class Memory>
void Greet(Directory<Memory>& directory) {
  if (Session<Memory>* const session = directory.Find()) {
    heddle::Assert(session->user != 0, "a published session has a user");
  }
}

template <template <typename> class Memory>
void UnsafePublication() {
  Directory<Memory> directory;
  Session<Memory> session;
  heddle::Thread reader([&] { Greet(directory); });
  directory.Publish(&session);
  session.user = 7;
  reader.join();
}

template <template <typename> class Memory>
void UnsafePublicationFixed() {
  Directory<Memory> directory;
  Session<Memory> session;
  heddle::Thread reader([&] { Greet(directory); });
  session.user = 7;  // fix
  directory.Publish(&session);
  reader.join();
}

const heddle::RegisterCase kBug{{
    .name = "race/unsafe_publication",
    .body = UnsafePublication<heddle::Var>,
    .expect = {heddle::FindingKind::kDataRace},
    .tolerate = {heddle::FindingKind::kAssertion},
    .about = "an object is published, then filled in",
}};
const heddle::RegisterCase kTwin{{
    .name = "race/unsafe_publication_fixed",
    .body = UnsafePublicationFixed<heddle::Var>,
    .about = "filled in, then published",
}};
const heddle::RegisterCase kPlainBug{{
    .name = "race/unsafe_publication_plain",
    .body = UnsafePublication<heddle::cases::Plain>,
    .expect = {heddle::FindingKind::kDataRace},
    .tolerate = {heddle::FindingKind::kAssertion},
    .needs_thread_sanitizer = true,
    .about = "an object is published, then filled in (on plain memory)",
}};
const heddle::RegisterCase kPlainTwin{{
    .name = "race/unsafe_publication_plain_fixed",
    .body = UnsafePublicationFixed<heddle::cases::Plain>,
    .needs_thread_sanitizer = true,
    .about = "filled in, then published (on plain memory)",
}};

}  // namespace
