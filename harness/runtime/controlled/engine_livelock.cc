// Executions that go on for ever: the step limit, and loops that nobody ends.
//
// From the limit on the engine continues by a fair schedule. If the complete state of the program
// comes back (every thread's pending operation, registers, stack and thread-local storage, all
// modelled objects, the heap and static storage), then that schedule repeats for ever: a livelock,
// proved, not guessed. If the program ends or nothing repeats within the tail, the limit was too
// small.
//
// Where everybody who has not ended is blocked or waits in a loop (engine_spin.cc), states are
// compared long before the limit: once those threads have all looked again, and the state is one in
// which they have been waiting before, nobody is left who could end that.
//
// Exact but for hash collisions, and for what a program hides from us: memory that it maps itself,
// the state of rand(). In sanitizer builds, whose heap and static storage are not the program's
// alone, a state is stacks, registers and modelled objects, and livelocks are decided at the limit
// only. A Var's memory holds when it was last accessed, in clocks that go on with every unlock: in
// the fair tail accesses are checked against that as it was, and do not renew it, so that a race
// between two of the tail's own accesses may be overlooked. A program that counts its attempts
// never repeats its state and is reported as over the limit. Virtual time is not part of the state,
// the deadlines that threads wait for are.
#include <algorithm>

#include "harness/core/random.h"
#include "harness/runtime/controlled/engine_step.h"
#include "harness/runtime/controlled/memory_hash.h"
#include "harness/runtime/fiber/tls_image.h"
#include "harness/runtime/heap/loaded_modules.h"

namespace heddle {
namespace {

// More than the engine's frames take below the program's.
constexpr size_t kDeadStack = 16 << 10;

// Steps of the fair tail, beside the execution's own limit: enough for loops of some hundred steps
// in each of several threads to come round twice.
constexpr uint64_t kTailSteps = 4'000;

// Rounds of looks in vain whose states are compared: enough for some loops of different lengths to
// be where they were.
constexpr uint32_t kMostRounds = 160;
constexpr uint32_t kMostPeriods = 4;
// Rounds before that, in which every place of every loop comes by: a replay, whose stacks are clean
// from the beginning, must not see a state come back any sooner.
constexpr uint32_t kSettlingRounds = 8;

// Steps at its beginning, for each thread, whose states are not compared: three turns, after which
// nothing is left on the stacks of threads that run of what lay there before (see ClearDeadStack).
constexpr uint64_t kSettlingSteps = 16;

// It has begun, and has not ended.
bool HasFrames(const ThreadState& thread) {
  return thread.status != ThreadStatus::kFinished && thread.pending != &thread.start;
}

}  // namespace

void ControlledEngine::AtStepLimit(ThreadState& self) {
  std::vector<ThreadId> cycle;
  if (FindWaitCycle(&cycle)) {
    ReportDeadlock(std::move(cycle));
    StopExecution(self);
  }
  if (!in_fair_tail_ && !log_->full()) {
    in_fair_tail_ = careful_ = true;
    tail_settled_ = step_ + std::min(kSettlingSteps * thread_count_, kTailSteps / 4);
    step_limit_ += kTailSteps;
    RestoreAll();
    fair_.Begin();
    decider_ = &fair_;
    every_step_ = fair_.WantsEveryStep();
    repetition_.Begin();
    WatchStates();
    tail_anchor_ = self.id;
    return;
  }
  result_.end = EngineEnd::kStepLimit;
  StopExecution(self);
}

// After each step of the fair tail, before the next is chosen.
void ControlledEngine::WatchFairTail(ThreadState& self) {
  if (step_ < tail_settled_) return;
  if (StateOf(tail_anchor_).status == ThreadStatus::kFinished) {
    tail_anchor_ = self.id;
    repetition_.Begin();
  }
  // One thread's steps are enough to look at: a schedule that repeats comes back to each.
  if (self.id != tail_anchor_ || self.status == ThreadStatus::kFinished) return;
  const uint64_t part = MixSeed(ObjectsHash(), fair_.turn());
  if (!repetition_.Observe(part, [&] { return MixSeed(StateHash(), part); }) ||
      fair_.user_choices() > 0) {
    return;
  }
  ReportLivelock("the same state comes back for ever under a fair schedule");
  StopExecution(self);
}

// From now on states can be compared.
void ControlledEngine::WatchStates() {
  watches_states_ = unusual_ = true;
  static_storage_ = ProgramStaticStorage();
}

// Since the last time that nobody could run everybody who is not blocked has made a turn, seen
// nothing new, and waits again. If the program is then in a state in which it has been before,
// those turns can be repeated for ever, and they are fair.
bool ControlledEngine::WaitsForEver() {
  if (heap_ == nullptr || rounds_of_loops_ == kMostRounds) return false;
  ++rounds_of_loops_;
  if (rounds_of_loops_ == 1) WatchStates();
  if (rounds_of_loops_ <= kSettlingRounds) return false;
  if (rounds_of_loops_ == kSettlingRounds + 1) repetition_.Begin();
  // What is quickly seen first; memory when that has come back. (It need not come back as soon:
  // which thread ran last is in there, too.)
  const uint32_t since = rounds_of_loops_ - kept_round_;
  if (kept_period_ > 0 && since % kept_period_ == 0) {
    if (MixSeed(StateHash(), unrepeatable_) == kept_state_) return true;
    if (since >= kMostPeriods * kept_period_) {
      repetition_.Begin();
      kept_period_ = 0;
    }
  }
  if (kept_period_ == 0 && repetition_.Observe(MixSeed(ThreadsHash(), unrepeatable_))) {
    kept_period_ = static_cast<uint32_t>(repetition_.period());
    kept_round_ = rounds_of_loops_;
    kept_state_ = MixSeed(StateHash(), unrepeatable_);
  }
  return false;
}

// A loop is known by all that it reads, wherever in it the thread is; one of which that is not
// known by what comes next.
void ControlledEngine::ReportLivelock(const char* message) {
  Suspicion suspicion;
  suspicion.kind = FindingKind::kLivelock;
  suspicion.message = message;
  suspicion.key = static_cast<uint64_t>(suspicion.kind);
  for (uint32_t i = 0; i < thread_count_; ++i) {
    const ThreadState& thread = *threads_[i];
    if (thread.status == ThreadStatus::kFinished || thread.status == ThreadStatus::kBlocked) {
      continue;
    }
    const size_t others = suspicion.witnesses.size();
    for (const SpinDetector::Entry& entry : thread.spin.reads()) {
      if (!entry.looks_again()) continue;
      suspicion.witnesses.push_back(
          Witness{"repeated " + std::string(TraitsOf(entry.kind).name), thread.id, entry.seq,
                  entry.object, 0, {}, 0});
      suspicion.key += MixSeed(entry.pc, static_cast<uint64_t>(entry.kind));
    }
    if (suspicion.witnesses.size() > others) continue;
    const Operation& next = *thread.pending;
    suspicion.witnesses.push_back(Witness{"repeats", thread.id, 0, next.object,
                                          thread.clock.time(), EventMask{next.kind}, 0});
    suspicion.key += MixSeed(next.pc, static_cast<uint64_t>(next.kind));
  }
  Raise(std::move(suspicion));
}

// The engine runs on the program's stack. What it leaves there, counts of steps among it, shows in
// the gaps of the frames that the program makes later (padding, a sanitizer's red zones), where it
// would make every state a new one.
__attribute__((noinline, no_sanitize("address"))) void ControlledEngine::ClearDeadStack(
    const ThreadState& self) {
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (here - self.donor.stack().lowest < 2 * kDeadStack) return;
  // A line at a time: AddressSanitizer would check what a call of memset writes.
  struct Line {
    uint64_t words[8];
  } dead[kDeadStack / sizeof(Line)];
  for (Line& line : dead) {
    for (uint64_t& word : line.words) word = 0;
    asm volatile("" : : "r"(&line) : "memory");  // it is read, as far as the compiler knows
  }
}

// What threads are about to do, and all modelled objects.
uint64_t ControlledEngine::ObjectsHash() {
  uint64_t hash = thread_count_;
  for (uint32_t i = 0; i < thread_count_; ++i) {
    const ThreadState& thread = *threads_[i];
    hash = MixSeed(hash, static_cast<uint64_t>(thread.status));
    if (!HasFrames(thread)) continue;
    const Operation& op = *thread.pending;
    hash = MixSeed(hash, static_cast<uint64_t>(op.kind), op.pc);
    hash = MixSeed(hash, Index(op.object), op.operand ^ (op.expected << 1));
  }
  for (uint32_t i = 0; i < objects_.size(); ++i) {
    hash = MixSeed(hash, objects_[ObjectId{i}].StateHash());
  }
  return hash;
}

// The state but for the heap and static storage.
uint64_t ControlledEngine::ThreadsHash() {
  uint64_t hash = ObjectsHash();
  for (uint32_t i = 0; i < thread_count_; ++i) {
    const ThreadState& thread = *threads_[i];
    if (!HasFrames(thread)) continue;
    // From the caller of Perform on, and the caller's registers, which Perform saves first.
    hash = HashMemory(hash, thread.frame - Context::kSavedRegisterBytes,
                      thread.donor.stack().highest);
    for (const TlsImage::Range& range : TlsImage::OfProgram(0)) {
      const uintptr_t begin = thread.context->fs_base + static_cast<uintptr_t>(range.offset);
      hash = HashMemory(hash, begin, begin + range.size);
    }
  }
  return hash;
}

uint64_t ControlledEngine::StateHash() {
  uint64_t hash = ThreadsHash();
  if (heap_ != nullptr) {
    for (const BlockInfo& block : heap_->LiveBlocks()) {
      const auto start = reinterpret_cast<uintptr_t>(block.start);
      hash = HashMemory(MixSeed(hash, start), start, start + block.size);
    }
    for (const AddressRange& range : static_storage_) {
      hash = HashMemory(hash, range.begin, range.end);
    }
  }
  return hash;
}

}  // namespace heddle
