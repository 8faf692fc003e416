// What the controlled engine knows of one program thread.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_THREAD_STATE_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_THREAD_STATE_H_

#include <cstdint>

#include "harness/core/event.h"
#include "harness/core/ids.h"
#include "harness/core/operation.h"
#include "harness/core/shadow.h"
#include "harness/core/vector_clock.h"
#include "harness/model/sync_model.h"
#include "harness/runtime/controlled/spin_detector.h"
#include "harness/runtime/fiber/donor.h"
#include "harness/runtime/fiber/thread_exit.h"
#include "harness/strategy/decider.h"

namespace heddle {

class ThreadModel;

enum class ThreadStatus : uint8_t {
  kEnabled,   // its pending operation can complete
  kDeferred,  // enabled, but set aside: see engine_spin.cc
  kBlocked,   // its pending operation cannot complete
  kFinished,
};

// Why a thread may be set aside at its next scheduling point.
enum class Defer : uint8_t {
  kNo,
  kForAStep,  // it yields, or its loop looks at what is not tracked
  kSpins,     // its loop has read the same stores again
  kLooks,     // it would have, but for what others have stored: it goes on
};

// Membership in an object's list of threads that are pending on it.
struct WaiterLink {
  SyncModel* model = nullptr;  // null: in no list
  uint32_t previous = 0;
  uint32_t next = 0;
};

struct alignas(64) ThreadState {
  // Hot: touched at every step.
  Context* context = nullptr;
  Operation* pending = nullptr;
  SyncModel* model = nullptr;    // of pending->object
  ThreadClock clock;
  Epoch epoch;                   // in this execution, at time 0
  ThreadId id = kNoThread;
  uint32_t position = 0;         // in the enabled set or the deferred list
  OutcomeSet possible;
  ThreadStatus status = ThreadStatus::kFinished;
  bool times_out = false;        // its pending operation will, before its time
  bool awaits_change = false;    // of what its loop reads: set aside, or not on its way again yet
  bool advised = false;          // while it is set aside: it need not be
  Defer defer = Defer::kNo;
  bool unwinding = false;        // has been told to end
  bool ending = false;           // runs the destructors of its thread_local variables
  bool exiting = false;          // has called pthread_exit, and is being unwound by it
  uint8_t unwind_throws = 0;
  uintptr_t frame = 0;           // of Perform: the program's own frames lie above
  WaiterLink links[2];           // on pending->object and pending->second
  SpinDetector spin;
  // What its loop reads, as of the look that made it spin.
  Look loop[SpinDetector::kEntries];
  uint8_t loop_reads = 0;
  uint8_t yields_ahead = 0;      // made in running ahead, since that look
  uint64_t yields_at = 0;        // since its loop saw news, at 16 sorts of places; 4 bits each
  ThreadOrder order;             // for the class of the execution
  uint64_t name = 0;             // hash of the ordinals of its ancestors and its own

  FenceState fences;
  uint32_t locks_held = 0;       // acquisitions without their release
  ThreadModel* thread_model = nullptr;
  ThreadId parent = kNoThread;
  uint32_t ordinal = 0;          // among its parent's children, from 1
  ThreadId symmetric_to = kNoThread;  // SchedulingPoint::SymmetricTo
  bool leak_reported = false;
  EventSeq escape = 0;  // the event that marks the throw of an exception that nothing catches
  uint32_t children = 0;
  uint32_t home = 0;  // Arena's
  uint32_t unwind_operations = 0;
  void (*entry)(void*) = nullptr;
  void* argument = nullptr;
  Context* resume_after_unwind = nullptr;
  Operation start{.kind = OpKind::kStart};  // its first pending operation
  ThreadExitList exit_list;
  Donor donor;                   // kept from execution to execution: addresses repeat
  bool needs_donor = true;       // the one it has is not started, or cannot serve again
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_THREAD_STATE_H_
