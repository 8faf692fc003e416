// What an address of the program under test is part of: a block of an engine's heap, or the stack
// of one of its threads. For a Recorder; see core/recording.h.
#ifndef HEDDLE_HARNESS_EXPLORE_PROGRAM_MEMORY_H_
#define HEDDLE_HARNESS_EXPLORE_PROGRAM_MEMORY_H_

#include "harness/core/recording.h"
#include "harness/runtime/controlled/engine.h"

namespace heddle {

class ProgramMemory final : public MemoryMap {
 public:
  // The engine outlives it.
  explicit ProgramMemory(const ControlledEngine& engine) : engine_(engine) {}

  bool Find(uintptr_t address, RecordedMemory* memory) const override;

 private:
  const ControlledEngine& engine_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_PROGRAM_MEMORY_H_
