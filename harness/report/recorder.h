// Recorder: the ExecutionObserver of the loud replay; collects a core/recording.h Recording.
//
//   Recorder recorder;
//   engine.SetObserver(&recorder);
//   engine.SetSuspicionSink(&recorder);
//   engine.Run(program, replaying_decider);
//   const Recording recording = recorder.Take();
//
// Stacks are return addresses as unwound, nothing skipped; they are resolved after the execution.
// It runs inside the engine on the stacks of program threads, so it neither throws nor blocks.
// Cost: about a microsecond for a frame; memory grows with the events of the execution.
#ifndef HEDDLE_HARNESS_REPORT_RECORDER_H_
#define HEDDLE_HARNESS_REPORT_RECORDER_H_

#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "harness/core/recording.h"

namespace heddle {

class Recorder final : public ExecutionObserver, public SuspicionSink {
 public:
  // `unlock_is_point` as in the execution's options: whether an unlock begins a step. Without a
  // `memory`, pointers among the values are not told from numbers.
  explicit Recorder(bool unlock_is_point = false, const MemoryMap* memory = nullptr)
      : unlock_is_point_(unlock_is_point), memory_(memory) {}

  // What has been recorded since the last call.
  Recording Take();

  // ---- ExecutionObserver ----
  EventMask Wants() const override { return EventMask::All(); }
  void OnThread(ThreadId thread, ThreadId parent, const char* name) override;
  void OnObject(ObjectId object, const ObjectInit& init, ThreadId creator) override;
  void OnPending(ThreadId thread, const Operation& op) override;
  void OnEvent(const Event& event) override;
  void OnValue(EventSeq seq, const void* value, uint32_t size) override;
  void OnAllocated(uint32_t serial) override;
  void OnFreed(uint32_t serial) override;
  Stack AllocationOf(uint32_t serial) const override;
  Stack ReleaseOf(uint32_t serial) const override;

  // ---- SuspicionSink ----
  void Report(Suspicion suspicion) override;

 private:
  bool BeginsStep(OpKind kind) const;
  // Remembers what the values of the last event point into, as it is now: memory may be reused.
  void KeepMemory();

  const bool unlock_is_point_;
  const MemoryMap* const memory_;
  Recording recording_;
  uint64_t step_ = 0;
  std::vector<uint32_t> objects_of_kind_;
  std::set<std::pair<uintptr_t, uint32_t>> known_memory_;  // begin and serial
  // By serial. Of the first kMostBlocks only: of what comes after them the caller is known.
  std::unordered_map<uint32_t, Stack> allocations_;
  std::unordered_map<uint32_t, Stack> releases_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_REPORT_RECORDER_H_
