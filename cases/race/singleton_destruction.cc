// Order of destruction of singletons: objects of static storage are destroyed in the opposite order
// of their construction. A background thread that was made first is stopped last, and until then
// uses a journal that has been destroyed.
//
// Where: crashes at exit of programs with a logger, a metrics registry or a thread pool in static
// storage; the reason why the Google C++ style guide forbids static objects with destructors.
//
// Here the two are local variables, destroyed by the same rule; the journal's memory stays, as
// static storage does. The twin stops the thread before anything is destroyed.
#include <cstddef>
#include <memory>
#include <new>

#include "cases/race/plain.h"
#include "harness/explore/case.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

template <template <typename> class Memory>
class Journal {
 public:
  ~Journal() { Close(); }
  void Write() {
    if (open_) ++lines_;
  }

 private:
  // Not inline: a store to an object whose lifetime ends would be left out.
  [[gnu::noinline]] void Close() { open_ = false; }

  Memory<bool> open_ = true;
  Memory<int> lines_ = 0;
};

template <template <typename> class Memory>
class Background {
 public:
  ~Background() { Stop(); }
  void Start(Journal<Memory>* journal) {
    thread_ = heddle::Thread([=] { journal->Write(); });
  }
  void Stop() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  heddle::Thread thread_;
};

// A variable of static storage: its memory outlives it.
template <typename T>
class Storage {
 public:
  struct Destroy {
    void operator()(T* object) const { object->~T(); }
  };
  using Object = std::unique_ptr<T, Destroy>;

  Object Construct() { return Object(new (bytes_) T); }

 private:
  alignas(T) std::byte bytes_[sizeof(T)];
};

template <template <typename> class Memory>
void SingletonDestruction() {
  Storage<Journal<Memory>> storage;
  Background<Memory> background;
  const auto journal = storage.Construct();
  background.Start(journal.get());
}

template <template <typename> class Memory>
void SingletonDestructionFixed() {
  Storage<Journal<Memory>> storage;
  Background<Memory> background;
  const auto journal = storage.Construct();
  background.Start(journal.get());
  background.Stop();  // fix
}

const heddle::RegisterCase kBug{{
    .name = "race/singleton_destruction",
    .body = SingletonDestruction<heddle::Var>,
    .expect = {heddle::FindingKind::kDataRace},
    .about = "a background thread outlives the journal that it writes to",
}};
const heddle::RegisterCase kTwin{{
    .name = "race/singleton_destruction_fixed",
    .body = SingletonDestructionFixed<heddle::Var>,
    .about = "stopped before the journal is destroyed",
}};
const heddle::RegisterCase kPlainBug{{
    .name = "race/singleton_destruction_plain",
    .body = SingletonDestruction<heddle::cases::Plain>,
    .expect = {heddle::FindingKind::kDataRace},
    .needs_thread_sanitizer = true,
    .about = "a background thread outlives the journal that it writes to (on plain memory)",
}};
const heddle::RegisterCase kPlainTwin{{
    .name = "race/singleton_destruction_plain_fixed",
    .body = SingletonDestructionFixed<heddle::cases::Plain>,
    .needs_thread_sanitizer = true,
    .about = "stopped before the journal is destroyed (on plain memory)",
}};

}  // namespace
