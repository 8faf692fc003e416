#include "harness/report/recorder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "harness/report/pointers.h"
#include "harness/report/unwind.h"

namespace heddle {
namespace {

// Some microseconds each, of the time that a step may take.
constexpr size_t kMostBlocks = 1 << 14;

// Values wider than eight bytes are shown by their first eight.
uint64_t ValueOf(const void* value, uint32_t size) {
  uint64_t result = 0;
  std::memcpy(&result, value, std::min<size_t>(size, sizeof(result)));
  return result;
}

Stack StackIn(const std::unordered_map<uint32_t, Stack>& stacks, uint32_t serial) {
  const auto found = stacks.find(serial);
  return found == stacks.end() ? Stack() : found->second;
}

std::vector<uint32_t> Snapshot(const ThreadClock& clock) {
  std::vector<uint32_t> times(clock.size());
  for (uint32_t i = 0; i < times.size(); ++i) times[i] = clock.At(ThreadId{i});
  return times;
}

}  // namespace

Recording Recorder::Take() {
  step_ = 0;
  known_memory_.clear();
  allocations_.clear();
  releases_.clear();
  objects_of_kind_.assign(kObjectKinds, 0);
  return std::exchange(recording_, {});
}

void Recorder::OnThread(ThreadId thread, ThreadId parent, const char* name) {
  if (recording_.threads.size() <= Index(thread)) recording_.threads.resize(Index(thread) + 1);
  RecordedThread& recorded = recording_.threads[Index(thread)];
  recorded = {};
  recorded.parent = parent;
  if (name != nullptr) recorded.declared_name = name;
  if (parent != kNoThread) recorded.created_at = internal::UnwindHere();
}

void Recorder::OnObject(ObjectId object, const ObjectInit& init, ThreadId creator) {
  if (recording_.objects.size() <= Index(object)) recording_.objects.resize(Index(object) + 1);
  objects_of_kind_.resize(kObjectKinds);
  RecordedObject& recorded = recording_.objects[Index(object)];
  recorded = {};
  recorded.kind = init.kind;
  recorded.address = reinterpret_cast<uintptr_t>(init.address);
  recorded.size = init.size;
  recorded.value_type = init.value_type;
  recorded.initial = init.initial;
  recorded.noun = init.noun != nullptr ? init.noun : NameOf(init.kind);
  if (init.name != nullptr) recorded.declared_name = init.name;
  recorded.creator = creator;
  recorded.index_of_kind = objects_of_kind_[static_cast<size_t>(init.kind)]++;
  if (init.kind != ObjectKind::kThread) recorded.created_at = internal::UnwindHere();
}

void Recorder::OnPending(ThreadId thread, const Operation& op) {
  RecordedThread& recorded = recording_.threads[Index(thread)];
  recorded.has_pending = true;
  recorded.pending = op;
  recorded.pending_stack = internal::UnwindHere();
}

void Recorder::OnEvent(const Event& event) {
  RecordedThread& thread = recording_.threads[Index(event.by.thread)];
  if (BeginsStep(event.op->kind)) ++step_;
  RecordedEvent& recorded = recording_.events.emplace_back();
  recorded.seq = event.seq;
  recorded.step = step_;
  recorded.op = *event.op;
  recorded.by = event.by;
  recorded.value = event.value;
  recorded.source = event.source;
  recorded.clock = Snapshot(*event.clock);
  if (thread.has_pending) recorded.stack = thread.pending_stack;
  // What happens to a thread that waits leaves it waiting.
  if (!Is(*event.op, Annotation::kLeavesQueue)) {
    thread.has_pending = false;
    thread.pending_stack.clear();
  }
  if (event.op->kind == OpKind::kExit) thread.finished = true;
  KeepMemory();
}

void Recorder::OnValue(EventSeq seq, const void* value, uint32_t size) {
  if (recording_.events.empty() || recording_.events.back().seq != seq) return;
  recording_.events.back().value = ValueOf(value, size);
  recording_.events.back().has_value = true;
  KeepMemory();
}

void Recorder::OnAllocated(uint32_t serial) {
  if (serial < kMostBlocks) allocations_[serial] = internal::UnwindHere();
}

void Recorder::OnFreed(uint32_t serial) {
  if (serial < kMostBlocks) releases_[serial] = internal::UnwindHere();
}

Stack Recorder::AllocationOf(uint32_t serial) const { return StackIn(allocations_, serial); }

Stack Recorder::ReleaseOf(uint32_t serial) const { return StackIn(releases_, serial); }

void Recorder::KeepMemory() {
  if (memory_ == nullptr) return;
  for (const uint64_t value : PointerSizedValues(recording_.events.back(), recording_)) {
    RecordedMemory memory;
    if (!memory_->Find(WithoutTag(value), &memory)) continue;
    if (!known_memory_.emplace(memory.begin, memory.serial).second) continue;
    if (Stack stack = AllocationOf(memory.serial); !memory.stack && !stack.empty()) {
      memory.allocated_at = std::move(stack);
    }
    recording_.memory.push_back(std::move(memory));
  }
}

void Recorder::Report(Suspicion suspicion) {
  recording_.suspicions.push_back(std::move(suspicion));
}

bool Recorder::BeginsStep(OpKind kind) const {
  return TraitsOf(kind).scheduling_point ||
         (unlock_is_point_ && (kind == OpKind::kUnlock || kind == OpKind::kUnlockShared));
}

}  // namespace heddle
