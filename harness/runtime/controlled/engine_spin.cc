// Threads that yield and threads that spin: see engine.h and spin_detector.h.
//
// A thread that yields is set aside until another has made a step. The first times that is advice:
// whoever looks at all schedules may run it all the same, and where nobody else can run it goes on.
// Only then is the yield a step that no other depends on. A thread that spins on atomics
// or tries is let run ahead, as part of its step, to see whether its loop gives up; if it does not,
// the thread waits until its loop would see something new, or time moves. Nothing that a fair
// schedule shows is lost: until then the loop would only repeat itself. (But for a loop that gives
// up after more looks than that: it gives up when nobody else can run.) A loop that spins on
// anything else, or looks again and again under a lock that nobody else takes, is set aside like a
// thread that yields, at each of its looks.
//
// In the fair tail (engine_livelock.cc) every loop is set aside like that: a livelock is proved by
// a schedule in which all threads take part.
#include <utility>

#include "harness/runtime/controlled/engine_step.h"

namespace heddle {
namespace {

// In a row, without a look between them: then it is not the loop's yield.
constexpr uint8_t kMostYields = 4;

// At one place, since the thread's loop has seen something new. After as many it is taken for a
// loop that waits for what cannot be seen.
constexpr uint64_t kMostAdvice = 3;

}  // namespace

// A yield sets the thread aside. So does the third sleep or timed wait for no time in a loop that
// learns nothing; one that takes time, or waits to be told, is no look around.
void ControlledEngine::Pause(ThreadState& self, const Operation& op) {
  if (op.kind == OpKind::kYield) {
    self.spin.OnYield();
    if (self.defer == Defer::kNo) self.defer = Defer::kForAStep;
  } else if (op.deadline > now_) {
    self.spin.Clear();
  } else {
    NoteRead(self, op, seq_, static_cast<uint64_t>(op.deadline), SpinDetector::At::kUntracked);
  }
}

// Of a read that may make it spin.
void ControlledEngine::NoteLoop(ThreadState& self, const Operation& op, EventSeq seq,
                                uint64_t seen, SpinDetector::At at, SpinDetector::Tells told) {
  if (told == SpinDetector::Tells::kSpins) return NoteSpinner(self);
  NoteNews(self);
  self.spin.Clear();
  self.spin.OnRead(op, seq, seen, at);
}

// It would spin, but for what it has seen or done now: whether it does depends on all that the loop
// reads.
void ControlledEngine::NoteNews(ThreadState& self) {
  self.yields_at = 0;
  if (in_fair_tail_ || !self.spin.tracked() || self.defer != Defer::kNo) return;
  self.defer = Defer::kLooks;
  careful_ = true;  // until SetAside
  KeepLoop(self);
}

void ControlledEngine::NoteSpinner(ThreadState& self) {
  result_.deferred_spinner = true;
  if (in_fair_tail_ || !self.spin.tracked()) {
    self.defer = Defer::kForAStep;
    return;
  }
  self.defer = Defer::kSpins;
  careful_ = true;  // until SetAside
  self.yields_ahead = 0;
  KeepLoop(self);
}

void ControlledEngine::KeepLoop(ThreadState& self) {
  self.loop_reads = 0;
  for (const SpinDetector::Entry& entry : self.spin.reads()) {
    if (!entry.looks_again()) continue;
    self.loop[self.loop_reads++] = Look{entry.object, entry.at == SpinDetector::At::kRewritten};
  }
  // Alone, it was made by an operation of a step that changed something, before the loop was seen.
  if (self.loop_reads == 1) self.loop[0].rewrites = false;
}

// It takes a lock, looks and lets it go, again and again.
void ControlledEngine::NotePoller(ThreadState& self) {
  result_.deferred_spinner = true;
  self.defer = Defer::kForAStep;
}

// A try would find what it wants, an atomic that the loop reads is not what it was, or is no more.
bool ControlledEngine::LoopHasNews(const ThreadState& thread) const {
  for (const SpinDetector::Entry& entry : thread.spin.reads()) {
    if (!entry.looks_again()) continue;
    const SyncModel& model = objects_[entry.object];
    if (model.destroyed || entry.at == SpinDetector::At::kUntracked) return true;
    if (entry.at == SpinDetector::At::kTry) {
      const Operation op{.kind = static_cast<OpKind>(entry.seen), .object = entry.object};
      if (model.Possible(op, thread.id, *this).contains(Outcome::kDone)) return true;
    } else if (static_cast<const AtomicModel&>(model).stored() != entry.seen) {
      return true;
    }
  }
  return false;
}

// What the thread is about to do is part of its loop. If nothing is new, it will show what it has
// shown before.
bool ControlledEngine::IsNextOfLoop(const ThreadState& self) const {
  const Operation& op = *self.pending;
  if (op.kind == OpKind::kYield) return self.yields_ahead < kMostYields;
  if (op.kind == OpKind::kCompareExchange || op.kind == OpKind::kRmw) {
    // It may have been given another value to compare with, or to store.
    if (static_cast<const AtomicModel&>(*self.model).WouldChange(op)) return false;
  } else if (op.kind != OpKind::kLoad && !internal::kTryKinds.contains(op.kind) &&
             !internal::kBooks[static_cast<size_t>(op.kind)].passes) {
    return false;
  }
  return self.spin.Repeats(op);
}

// Whether a thread that may be set aside makes its next operation at once.
bool ControlledEngine::RunsAhead(ThreadState& self) {
  if (self.defer != Defer::kSpins || self.status != ThreadStatus::kEnabled || in_fair_tail_ ||
      self.spin.settled() || !IsNextOfLoop(self) || LoopHasNews(self)) {
    return false;
  }
  if (self.pending->kind == OpKind::kYield) ++self.yields_ahead;
  return true;
}

// Places are told apart by what of an address is the same in every process; two may be taken for
// one.
bool ControlledEngine::YieldIsAdvice(ThreadState& self) {
  const uintptr_t in_page = self.pending->pc % 4096;
  const int place = static_cast<int>((in_page ^ in_page >> 4 ^ in_page >> 8) % 16 * 4);
  if ((self.yields_at >> place) % 16 == kMostAdvice) return false;
  self.yields_at += uint64_t{1} << place;
  return true;
}

void ControlledEngine::SetAside(ThreadState& self) {
  const Defer why = std::exchange(self.defer, Defer::kNo);
  const bool spins = why == Defer::kSpins;
  if (spins || why == Defer::kLooks) {
    careful_ = NeedsCare();
    if (self.loop_reads > 1) {  // one alone it has just read
      LookAround(self);
      looked_at_ = self.loop_reads;
    }
  }
  if (self.status != ThreadStatus::kEnabled) return;
  // What is new it has yet to see: what it saw before says nothing about its loop any more.
  if (spins && LoopHasNews(self)) {
    self.spin.Clear();
    self.yields_at = 0;
  }
  const bool yields = self.pending->kind == OpKind::kYield;
  self.awaits_change = spins && self.spin.settled() && IsNextOfLoop(self);
  self.advised = !self.awaits_change && yields && !in_fair_tail_ && YieldIsAdvice(self);
  if (self.awaits_change) {
    running_pause_ = Pausing::kWaits;
    looked_at_ = self.loop_reads;
  } else if (why == Defer::kForAStep || yields) {
    running_pause_ = self.advised ? Pausing::kAdvised : Pausing::kYielded;
  } else {
    return;
  }
  SetStatus(self, ThreadStatus::kDeferred);
}

// A step has been made: whoever yielded may go on, and whose loop it gave something new to see.
void ControlledEngine::RestoreDeferred() {
  for (uint32_t i = deferred_.size(); i-- > 0;) {
    ThreadState& thread = StateOf(deferred_[i]);
    if (thread.awaits_change) {
      if (!LoopHasNews(thread)) continue;
      thread.spin.Clear();
    }
    SetStatus(thread, ThreadStatus::kEnabled);
  }
}

// It goes on because of what others have done to what its loop reads.
void ControlledEngine::WakeUp(ThreadState& self) {
  self.awaits_change = false;
  self.yields_at = 0;
  LookAround(self);
}

// Whether the thread waits, and when it goes on, is due to all that its loop reads: what others
// have done to that before is part of the class of the execution.
void ControlledEngine::LookAround(ThreadState& self) {
  constexpr uint64_t what = OrderWord(0);
  for (const Look look : std::span(self.loop, self.loop_reads)) {
    ObjectOrder& order = objects_[look.object].order;
    look.rewrites ? order.Change(self.order, what) : order.Look(self.order, what);
  }
}

// Time has moved, or nobody else can run.
void ControlledEngine::RestoreAll() {
  while (deferred_.size() > 0) {
    SetStatus(StateOf(deferred_[deferred_.size() - 1]), ThreadStatus::kEnabled);
  }
}

// Nobody is enabled but for those who need not be set aside. False: there are none.
bool ControlledEngine::RestoreAdvised() {
  for (uint32_t i = deferred_.size(); i-- > 0;) {
    ThreadState& thread = StateOf(deferred_[i]);
    if (thread.advised) SetStatus(thread, ThreadStatus::kEnabled);
  }
  return ready_.size() > 0;
}

void ControlledEngine::ListRunnable() {
  runnable_ = {ready_.data(), ready_.size()};
  if (deferred_.size() == 0) [[likely]] return;
  listed_.assign(runnable_.begin(), runnable_.end());
  for (uint32_t i = 0; i < deferred_.size(); ++i) {
    if (StateOf(deferred_[i]).advised) listed_.push_back(deferred_[i]);
  }
  runnable_ = listed_;
}

// Those set aside are there for a step only.
bool ControlledEngine::SomeoneOnlyYielded() {
  for (uint32_t i = 0; i < deferred_.size(); ++i) {
    if (!StateOf(deferred_[i]).awaits_change) return true;
  }
  return false;
}

}  // namespace heddle
