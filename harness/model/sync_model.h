// SyncModel: the semantics of one modelled object, as a state machine without threads.
//
// The engine asks `Possible` whether and how a pending operation can complete, lets the Decider
// choose, and then calls `Apply`, the only mutator. A model knows nothing of fibers, schedules or
// reports, so that it can be tested alone. Synchronises-with is computed here and only here: Apply
// moves clocks between the acting thread and the object.
#ifndef HEDDLE_HARNESS_MODEL_SYNC_MODEL_H_
#define HEDDLE_HARNESS_MODEL_SYNC_MODEL_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/core/event.h"
#include "harness/core/finding.h"
#include "harness/core/ids.h"
#include "harness/core/object.h"
#include "harness/core/operation.h"
#include "harness/core/order_class.h"
#include "harness/core/reads_from_pairs.h"
#include "harness/core/vector_clock.h"

namespace heddle {

enum class MemoryModel : uint8_t { kSequentiallyConsistent, kCpp20 };
enum class Timeouts : uint8_t { kLate, kAny };

// A thread's fence state ([atomics.fences]): what relaxed loads have seen and an acquire fence
// would join, and what a release fence has published for later relaxed stores.
struct FenceState {
  SyncClock pending_acquire;
  SyncClock released;
};

// What a model needs of the rest of the execution. Implemented by the engine, and by a few lines in
// the models' own tests.
class ModelContext {
 public:
  virtual ~ModelContext() = default;

  // Of the thread whose operation is being applied, which is the only one that Apply may change.
  ThreadClock& ClockOf(ThreadId) { return *acting_clock_; }
  FenceState& FencesOf(ThreadId) { return *acting_fences_; }
  virtual class SyncModel& ModelOf(ObjectId object) = 0;
  // A rule of the primitive was broken. The operation then has the least harmful effect.
  virtual void ReportMisuse(FindingKind kind, const Operation& op, ThreadId thread,
                            std::string_view what) = 0;

  ClockArena& arena() { return arena_; }
  VirtualTime now() const { return now_; }
  // Spurious outcomes may still be chosen in this execution (the budget of the search's options).
  bool spurious_allowed() const { return spurious_left_ > 0; }
  // Of a try that finds what it wants. The standard lets it fail all the same.
  OutcomeSet SuccessOfTry() const {
    return spurious_allowed() ? OutcomeSet(Outcome::kDone) | Outcome::kSpurious : Outcome::kDone;
  }
  // Of an operation that waits until it finds something available.
  OutcomeSet WaitFor(bool available, VirtualTime deadline) const {
    if (available) return Outcome::kDone;
    return now_ >= deadline ? OutcomeSet(Outcome::kTimedOut) : OutcomeSet();
  }

 protected:
  ThreadClock* acting_clock_ = nullptr;
  FenceState* acting_fences_ = nullptr;
  ClockArena arena_;
  VirtualTime now_ = 0;
  uint32_t spurious_left_ = 0;
};

class SyncModel {
 public:
  virtual ~SyncModel() = default;

  // Returns the model to the state of a new object. Called by the engine for reused models.
  virtual void Reset(const ObjectInit& init) = 0;

  // How `op`, pending in `thread`, may complete in the present state. Depends only on op.object,
  // op.second, virtual time and the budgets in the context. Not called for operations that are not
  // scheduling points.
  virtual OutcomeSet Possible(const Operation& op, ThreadId thread,
                              const ModelContext& context) const = 0;

  // Among how many sources the chosen outcome may take its value: waiters to wake, stores to read.
  // Asked just before Apply; 1 means that there is nothing to choose.
  virtual uint32_t Candidates(const Operation&, ThreadId, Outcome, const ModelContext&) const {
    return 1;
  }

  // Carries out the operation. Fills event->value and event->source.
  virtual void Apply(const Operation& op, const Transition& by, ModelContext& context,
                     Event* event) = 0;

  // For the wait-for graph: threads without whose progress `op` of `thread` cannot complete.
  virtual void Holders(const Operation&, ThreadId, std::vector<ThreadId>*) const {}

  // Something that must not be destroyed: locked, or waited on. Empty when it may.
  virtual std::string_view InUse() const { return {}; }

  // A hash of the state; equal states hash alike. For proving that an execution repeats itself.
  virtual uint64_t StateHash() const = 0;

  // ---- The engine's record of the object. ----
  ObjectId id = kNoObject;
  ObjectKind kind = ObjectKind::kNone;
  uintptr_t address = 0;  // or a name that repeats, where addresses do not
  uint32_t size = 0;
  const char* name = nullptr;
  const char* noun = nullptr;  // as in ObjectInit
  ThreadId creator = kNoThread;
  static constexpr uint32_t kNoWaiter = 0xffffffff;
  uint32_t first_waiter = kNoWaiter;  // head of the engine's list of threads pending here
  ObjectOrder order;                   // for the class of the execution
  SiteKey changed_by = 0;              // the last step that changed it
  uint32_t pending = 0;                // threads that wait for their turn before an operation here
  bool destroyed = false;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_MODEL_SYNC_MODEL_H_
