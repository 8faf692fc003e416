// Runtime: the only seam between doors (primitives, interposition) and engines.
//
// A door that finds no current runtime behaves as the real thing on real threads. With one, it
// turns each call into an Operation and lets the engine carry it out. The current runtime is set
// only while an execution runs, and only the thread that runs program code ever sees it.
//
// Objects register themselves at their first use in an execution. Their handle carries the
// execution's stamp, so that a handle from an earlier execution, or one overwritten by freed
// memory's poison, is recognised without being reset.
#ifndef HEDDLE_HARNESS_RUNTIME_RUNTIME_H_
#define HEDDLE_HARNESS_RUNTIME_RUNTIME_H_

#include <cstddef>
#include <cstdint>

#include "harness/core/finding.h"
#include "harness/core/ids.h"
#include "harness/core/object.h"
#include "harness/core/operation.h"
#include "harness/core/shadow.h"
#include "harness/core/vector_clock.h"

namespace heddle {

// Kept inside each primitive: which object it is in the current execution.
class ObjectHandle {
 public:
  constexpr ObjectHandle() = default;
  constexpr ObjectHandle(uint64_t stamp, ObjectId id) : bits_(stamp << kIdBits | Index(id)) {}

  bool Belongs(uint64_t stamp) const { return bits_ >> kIdBits == stamp; }
  ObjectId id() const { return ObjectId{static_cast<uint32_t>(bits_ & kMaxId)}; }
  static constexpr int kIdBits = 24;
  static constexpr uint64_t kMaxId = (uint64_t{1} << kIdBits) - 1;

 private:
  uint64_t bits_ = 0;  // stamp above, id below; stamps start at 1
};

// What Perform returns to the door.
struct Result {
  uint64_t value = 0;
  Outcome outcome = Outcome::kDone;
};

// Where a thread comes from: its place in the tree of threads, whatever the schedule.
struct ThreadOrigin {
  ThreadId parent = kNoThread;  // of the main thread: none
  uint32_t ordinal = 0;         // among the parent's children, from 1
};

class Runtime {
 public:
  virtual ~Runtime() = default;

  // The runtime that controls the calling thread; null when nothing does. A plain load.
  static Runtime* Current() { return current_; }

  // The id of the object behind `handle` in this execution; registers it when this is its first
  // use. init() gives the ObjectInit, which most calls do not need.
  template <typename Init>
  ObjectId Resolve(ObjectHandle& handle, const Init& init) {
    if (handle.Belongs(stamp_)) [[likely]] return handle.id();
    return Register(handle, init());
  }
  // The current execution, counted from 1.
  uint64_t stamp() const { return stamp_; }
  // The object behind `handle` if it has been used in this execution, else kNoObject.
  ObjectId Lookup(const ObjectHandle& handle) const {
    return handle.Belongs(stamp_) ? handle.id() : kNoObject;
  }

  // Carries out `op` in the calling thread, after whatever other threads the schedule puts before
  // it. Sets op.pc. Throws a private exception when the execution is being torn down; doors let it
  // pass.
  virtual Result Perform(Operation& op) = 0;

  // Race check of an access to ordinary memory, before it is made. Inline part: the location was
  // accessed by this thread since its last release.
  // var() gives the ObjectInit.
  template <typename Init>
  void OnRead(ShadowCell& cell, const Init& var) {
    if (!cell.ReadIsKnown(epoch_)) [[unlikely]] OnReadSlow(cell, var());
  }
  template <typename Init>
  void OnWrite(ShadowCell& cell, const Init& var) {
    if (!cell.WriteIsKnown(epoch_)) [[unlikely]] OnWriteSlow(cell, var());
  }
  // Tells recorders the value that an access read or wrote; a no-op unless the execution is
  // recorded.
  void OnValue(const void* value, uint32_t size) {
    if (recording_) [[unlikely]] OnValueSlow(value, size);
  }

  // The object's destructor runs: checks that it is not in use and forgets the handle.
  virtual void Destroy(ObjectHandle& handle, ObjectKind kind) = 0;

  // Memory for what the thread of the next Spawn shall own: the top of its stack. Aligned to 64
  // bytes, valid until that thread ends. Ends the execution with a finding when there are no more
  // threads.
  virtual void* SpawnStorage(size_t size) = 0;
  // Starts a thread that runs entry(argument), where `argument` came from SpawnStorage just before.
  // `name` may be null.
  virtual ThreadId Spawn(void (*entry)(void*), void* argument, const char* name) = 0;
  // Says that `thread` and `first`, both started by the caller since its last scheduling point, are
  // interchangeable as long as neither has begun.
  virtual void DeclareSymmetric(ThreadId thread, ThreadId first) = 0;
  // The object that stands for a started thread is destroyed or overwritten before a join or
  // detach: reports it, if the thread is of this execution.
  virtual void AbandonThread(ThreadId thread) = 0;
  virtual ThreadId CurrentThread() const = 0;
  // The object that stands for the calling thread: of its yields, sleeps and fences.
  virtual ObjectId CurrentThreadObject() const = 0;
  virtual ObjectId ThreadObject(ThreadId thread) const = 0;
  // Of a thread that this execution does not have (yet): as if main had started it.
  virtual ThreadOrigin OriginOf(ThreadId thread) const = 0;

  virtual uint64_t Choose(uint64_t bound) = 0;
  virtual VirtualTime Now() = 0;
  // A composed primitive's annotation about `object`, with an argument.
  virtual void Annotate(Annotation what, ObjectId object, uint64_t argument) = 0;

  // A count of owners is about to fall, by a call that returns to `pc`: after whatever other
  // threads the schedule puts before that. Throws as Perform does. And: it has fallen to nothing.
  // (runtime/shared_count.h)
  virtual void OnSharedCountFalls(const int* count, uintptr_t pc) = 0;
  virtual void OnSharedCountIsGone(const int* count) = 0;

  // A failed assertion, or the break of a rule that a composed primitive found out itself.
  // kAssertion and kInvariant end the execution (by the private exception); misuse does not.
  virtual void Fail(FindingKind kind, const char* message) = 0;

  // Values of atomics wider than 8 bytes are interned: equal bytes, equal id. Valid in this
  // execution. `Interned` copies the bytes of `id` to `value`.
  virtual uint64_t Intern(const void* value, uint32_t size) = 0;
  virtual void Interned(uint64_t id, void* value, uint32_t size) const = 0;

 protected:
  virtual ObjectId Register(ObjectHandle& handle, const ObjectInit& init) = 0;
  virtual void OnReadSlow(ShadowCell& cell, const ObjectInit& var) = 0;
  virtual void OnWriteSlow(ShadowCell& cell, const ObjectInit& var) = 0;
  virtual void OnValueSlow(const void* value, uint32_t size) = 0;

  static void SetCurrent(Runtime* runtime) { current_ = runtime; }
  void NewStamp() { stamp_ = ++last_stamp_; }

  uint64_t stamp_ = 0;      // of the current execution; from 1
  Epoch epoch_;             // of the running thread; never equal to a cell's while recording
  bool recording_ = false;  // a recorder wants every access with its value

 private:
  static inline constinit Runtime* current_ = nullptr;
  // Of the process: a primitive in static storage may meet several engines.
  static inline constinit uint64_t last_stamp_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_RUNTIME_H_
