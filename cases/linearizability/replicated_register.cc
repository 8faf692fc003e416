// A register kept twice, so that readers do not crowd one place. A write goes to one replica and
// then to the other: a reader of the first sees the new value, and a later reader of the second
// still the old one, as if the write had been undone.
//
// Where: replicas, and caches in front of a store. Lamport, "On interprocess communication"
// (Distributed Computing 1986), calls such a register regular but not atomic.
//
// In the twin a lock is held over a write and over a read.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/linearizable.h"
#include "primitives/mutex.h"

namespace {

class ReplicatedRegister {
 public:
  void Write(int value) {
    replicas_[0].store(value);
    replicas_[1].store(value);
  }
  int Read(int replica) { return replicas_[replica].load(); }

  void WriteFixed(int value) {
    const std::lock_guard lock(mutex_);  // fix
    Write(value);
  }
  int ReadFixed(int replica) {
    const std::lock_guard lock(mutex_);  // fix
    return Read(replica);
  }

 private:
  heddle::Atomic<int> replicas_[2] = {0, 0};
  heddle::Mutex mutex_{"both"};
};

struct RegisterSpec {
  void Write(int written) { value = written; }
  int Read(int) { return value; }
  void WriteFixed(int written) { Write(written); }
  int ReadFixed(int replica) { return Read(replica); }
  bool operator==(const RegisterSpec&) const = default;
  int value = 0;
};

void ReplicatedRegisterCase() {
  ReplicatedRegister one;
  heddle::Linearizable<RegisterSpec>(one)
      .Operation("write", [](auto& r, int value) { r.Write(value); }, {1, 2})
      .Operation("read", [](auto& r, int replica) { return r.Read(replica); }, {0, 1})
      .Run({.threads = 2, .calls = 2});
}

void ReplicatedRegisterFixed() {
  ReplicatedRegister one;
  heddle::Linearizable<RegisterSpec>(one)
      .Operation("write", [](auto& r, int value) { r.WriteFixed(value); }, {1, 2})
      .Operation("read", [](auto& r, int replica) { return r.ReadFixed(replica); }, {0, 1})
      .Run({.threads = 2, .calls = 2});
}

const heddle::RegisterCase kBug{{
    .name = "linearizability/replicated_register",
    .body = ReplicatedRegisterCase,
    .expect = {heddle::FindingKind::kNotLinearizable},
    .preemptions = 1,
    .about = "a register with two replicas shows the new value and then the old one",
}};
const heddle::RegisterCase kTwin{{
    .name = "linearizability/replicated_register_fixed",
    .body = ReplicatedRegisterFixed,
    .about = "a lock is held over both replicas",
}};

}  // namespace
