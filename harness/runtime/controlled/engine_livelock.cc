// The step limit: an execution that would run for ever is told from one that is merely long.
//
// From the limit on the engine continues by a fair schedule. If the complete state of the program
// comes back (every thread's pending operation, registers and stack, all modelled objects, the heap
// and static storage), then that schedule repeats for ever: a livelock, proved, not guessed. If the
// program ends or nothing repeats within the tail, the limit was too small.
//
// Exact but for hash collisions; in sanitizer builds, whose heap and static storage are not the
// program's alone, a state is stacks, registers and modelled objects. A program that counts its attempts never repeats its state and is
// reported as over the limit. Virtual time is not part of the state, the deadlines that threads wait
// for are.
#include <algorithm>
#include <cstring>

#include "harness/core/random.h"
#include "harness/runtime/controlled/engine_step.h"
#include "harness/runtime/heap/loaded_modules.h"

namespace heddle {
namespace {

// More than the engine's frames take below the program's.
constexpr size_t kDeadStack = 16 << 10;

// Steps of the fair tail, beside the execution's own limit: enough for loops of some hundred steps
// in each of several threads to come round twice.
constexpr uint64_t kTailSteps = 4'000;

// Steps at its beginning, for each thread, whose states are not compared: three turns, after which
// nothing is left on the stacks of threads that run of what lay there before (see ClearDeadStack).
constexpr uint64_t kSettlingSteps = 16;

// FNV-1a over words: memory is compared with itself only. AddressSanitizer would object to the red
// zones of the stacks that it reads.
__attribute__((no_sanitize("address")))
uint64_t HashMemory(uint64_t hash, uintptr_t begin, uintptr_t end) {
  for (uintptr_t at = begin; at + sizeof(uint64_t) <= end; at += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, reinterpret_cast<const void*>(at), sizeof(word));
    hash = (hash ^ word) * 0x100000001b3;
    hash ^= hash >> 29;
  }
  return hash;
}

}  // namespace

void ControlledEngine::AtStepLimit(ThreadState& self) {
  std::vector<ThreadId> cycle;
  if (FindWaitCycle(&cycle)) {
    ReportDeadlock(std::move(cycle));
    StopExecution(self);
  }
  if (!in_fair_tail_ && !log_->full()) {
    in_fair_tail_ = careful_ = unusual_ = true;
    tail_settled_ = step_ + std::min(kSettlingSteps * thread_count_, kTailSteps / 4);
    step_limit_ += kTailSteps;
    RestoreAll();
    fair_.Begin();
    decider_ = &fair_;
    every_step_ = fair_.WantsEveryStep();
    repetition_.Begin();
    static_storage_ = ProgramStaticStorage();
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
  if (!repetition_.Observe(MixSeed(StateHash(), fair_.turn())) || fair_.user_choices() > 0) return;
  Suspicion suspicion;
  suspicion.kind = FindingKind::kLivelock;
  suspicion.message = "the same state comes back for ever under a fair schedule";
  suspicion.key = static_cast<uint64_t>(suspicion.kind);
  for (uint32_t i = 0; i < thread_count_; ++i) {
    const ThreadState& thread = *threads_[i];
    if (thread.status == ThreadStatus::kFinished || thread.status == ThreadStatus::kBlocked) {
      continue;
    }
    suspicion.witnesses.push_back(Witness{"repeats", thread.id, 0, thread.pending->object,
                                          thread.clock.time(),
                                          EventMask{thread.pending->kind}, 0});
    suspicion.key += MixSeed(thread.pending->pc, static_cast<uint64_t>(thread.pending->kind));
  }
  Raise(std::move(suspicion));
  StopExecution(self);
}

// The engine runs on the program's stack. What it leaves there, counts of steps among it, shows in
// the gaps of the frames that the program makes later (padding, a sanitizer's red zones), where it
// would make every state a new one.
__attribute__((noinline, no_sanitize("address"))) void ControlledEngine::ClearDeadStack(
    const ThreadState& self) {
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (here - self.donor.stack().lowest < 2 * kDeadStack) return;
  volatile uint64_t dead[kDeadStack / sizeof(uint64_t)];
  for (volatile uint64_t& word : dead) word = 0;
}

uint64_t ControlledEngine::StateHash() {
  uint64_t hash = thread_count_;
  for (uint32_t i = 0; i < thread_count_; ++i) {
    const ThreadState& thread = *threads_[i];
    hash = MixSeed(hash, static_cast<uint64_t>(thread.status));
    if (thread.status == ThreadStatus::kFinished || thread.pending == &thread.start) continue;
    const Operation& op = *thread.pending;
    hash = MixSeed(hash, static_cast<uint64_t>(op.kind), op.pc);
    hash = MixSeed(hash, Index(op.object), op.operand ^ (op.expected << 1));
    // From the caller of Perform on, and the caller's registers, which Perform saves first.
    hash = HashMemory(hash, thread.frame - Context::kSavedRegisterBytes,
                      thread.donor.stack().highest);
  }
  for (uint32_t i = 0; i < objects_.size(); ++i) {
    hash = MixSeed(hash, objects_[ObjectId{i}].StateHash());
  }
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
