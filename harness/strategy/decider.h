// Decider: answers every nondeterministic question of one execution. On the hot path.
//
// A decider's answers are a pure function of the plan given to Begin and of the execution so far.
// The engine asks Pick only where at least two threads are enabled (unless WantsEveryStep), and
// PickValue only where there are at least two answers; answers with one possibility are not
// decisions.
#ifndef HEDDLE_HARNESS_STRATEGY_DECIDER_H_
#define HEDDLE_HARNESS_STRATEGY_DECIDER_H_

#include <cstdint>
#include <span>

#include "harness/core/event.h"
#include "harness/core/heap_use.h"
#include "harness/core/ids.h"
#include "harness/core/operation.h"
#include "harness/schedule/decision.h"

namespace heddle {

struct Plan;
struct ExecutionRecord;

// Where an object lies, in words that are the same in every execution of a program and in every
// process of one build, as far as the program allocates in the same order.
struct ObjectPlace {
  ThreadId stack = kNoThread;  // whose stack or thread-local storage it lies in
  uint64_t offset = 0;         // there; else in static storage or on the heap. 0: nowhere
};

// Whether the running thread, which is enabled, gives way to others.
enum class Pausing : uint8_t {
  kNo,
  kAdvised,  // set aside until another has made a step, but it may run all the same
  kYielded,  // set aside until another has made a step
  kWaits,    // set aside until something that its loop reads changes
};

// What a loop that waits reads.
struct Look {
  ObjectId object;
  bool rewrites;  // by a read-modify-write, which leaves it as it is
};

// A moment at which the next thread is chosen.
class SchedulingPoint {
 public:
  virtual ~SchedulingPoint() = default;

  // The threads that may be chosen, in an order that is a function of the execution so far but
  // otherwise arbitrary. At least two, unless the decider wants every step. Threads that have just
  // yielded, or wait in a loop for something to change, are left out while another thread can run.
  std::span<const ThreadId> enabled() const { return {enabled_, enabled_count_}; }
  // These, and after them those that have just yielded where that is no more than advice: to be
  // heeded by who samples schedules, not by who enumerates them. For deciders that want every step.
  std::span<const ThreadId> runnable() const { return runnable_; }
  // The thread that made the last step; choosing another while it is enabled is a preemption.
  ThreadId running() const { return running_; }
  bool running_enabled() const { return running_enabled_; }
  // The running thread has just yielded or been seen to spin, and was set aside for that: going on
  // with the thread that has waited longest is what keeps a spinning program fair.
  bool running_deferred() const { return running_pause_ != Pausing::kNo; }
  Pausing running_pause() const { return running_pause_; }
  // What the thread's loop reads, if it waits for a change of it or has yet to go on after one: its
  // next step depends on steps that change these.
  virtual std::span<const Look> LoopOf(ThreadId thread) const = 0;
  // What the running thread's loop reads, if it has just looked for a change of it, or would have
  // but for the change that it saw: so does its last step. Known only to deciders that want every
  // step.
  virtual std::span<const Look> LookedAt() const = 0;
  uint64_t step() const { return step_; }
  // What the last step did to program memory, beside what only its own thread can see of it. Known
  // only to deciders that want every step. At Decider::End, of the execution's last step.
  const HeapUse& step_heap() const { return *step_heap_; }
  // An operation of the last step changed an atomic. If none has, its read-modify-write was no more
  // than a look: it has stored what it read, and told nobody anything new. Known only to deciders
  // that want every step.
  bool step_changed_atomic() const { return step_changed_atomic_; }
  // Virtual time has moved after the last step, because nobody could run. Known only to deciders
  // that want every step.
  bool time_passed() const { return time_passed_; }
  // One past the largest thread index so far.
  uint32_t thread_count() const { return thread_count_; }

  virtual bool IsEnabled(ThreadId thread) const = 0;
  virtual bool MayRun(ThreadId thread) const = 0;  // it is among runnable()
  // What `thread` is about to do. Null for a thread that has none (finished).
  virtual const Operation* Pending(ThreadId thread) const = 0;

  // The pending operation of `thread` times out before its time, whatever others do: it does not
  // touch its object.
  virtual bool TimesOut(ThreadId thread) const = 0;
  // The last that `thread` did but to pass on, it read what its pending read-modify-write is about,
  // by that, and left it as it was.
  virtual bool HasRewritten(ThreadId thread) const = 0;

  // What is the same under every schedule. Where `thread` comes from: its parent, kNoThread for the
  // main thread, and its place among the parent's children, from 1.
  virtual ThreadId Parent(ThreadId thread) const = 0;
  virtual uint32_t Ordinal(ThreadId thread) const = 0;
  // Of threads that are interchangeable as long as they have not begun (Runtime::DeclareSymmetric),
  // the first; kNoThread: it is like no other.
  virtual ThreadId SymmetricTo(ThreadId thread) const = 0;
  // Where `object` lies, 0 for a thread: the same in every execution of one process, as far as the
  // program allocates it in the same order.
  virtual uintptr_t AddressOf(ObjectId object) const = 0;
  virtual ObjectPlace PlaceOf(ObjectId object) const = 0;
  // What the atomic holds now, as the engine keeps it: see Operation. Of the same type, in the same
  // execution, equal where the values are.
  virtual uint64_t ValueOf(ObjectId atomic) const = 0;
  // As its user has called it; null: not at all.
  virtual const char* DeclaredName(ObjectId object) const = 0;
  // The thread that `object` is, kNoThread if it is none.
  virtual ThreadId ThreadOf(ObjectId object) const = 0;
  // The program looks at its state after every step (an invariant): no two steps may be taken to
  // commute.
  virtual bool EveryStateMatters() const = 0;

 protected:
  std::span<const ThreadId> runnable_;
  const ThreadId* enabled_ = nullptr;
  uint32_t enabled_count_ = 0;
  uint32_t thread_count_ = 0;
  ThreadId running_ = kNoThread;
  bool running_enabled_ = false;
  Pausing running_pause_ = Pausing::kNo;
  uint64_t step_ = 0;
  const HeapUse* step_heap_ = nullptr;
  bool step_changed_atomic_ = false;
  bool time_passed_ = false;
};

struct ValueChoice {
  ChoiceKind kind;
  ThreadId thread;
  const Operation* op;  // null for kReuse and kUser
  uint32_t bound;       // answers are 0 .. bound - 1; bound >= 2
  // Of them, those below are the same whatever threads do that this one does not depend on: a
  // search of all schedules chooses among these alone. 1: it has nothing to choose, and does not
  // count it.
  uint32_t own = bound;
};

class Decider {
 public:
  virtual ~Decider() = default;

  // Prepares for one execution. Reused from execution to execution, so that nothing is allocated.
  virtual void Begin(const Plan& plan) = 0;
  virtual ThreadId Pick(const SchedulingPoint& point) = 0;
  virtual uint32_t PickValue(const ValueChoice& choice) = 0;

  // Pick is also called where only one thread is enabled, so that the decider sees every step and
  // what it did. Asked after Begin; costs a call per forced step.
  virtual bool WantsEveryStep() const { return false; }

  // What the decider wants to know of the steps beside the operations that it picks: asked after
  // Begin, told during the execution. Null: nothing.
  virtual EventSink* Events() { return nullptr; }

  // The execution ends because no thread can run; what each waits for is pending.
  virtual void Stuck(const SchedulingPoint&) {}
  // A step has failed, which ends the execution: where the other threads are, they will not go on.
  virtual void Failed(const SchedulingPoint&) {}

  // Called when the execution has ended: adds to the record what the strategy has to learn.
  virtual void End(ExecutionRecord*) {}
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_DECIDER_H_
