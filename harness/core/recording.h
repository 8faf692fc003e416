// Recording: everything that one loud replay of an execution leaves behind for its report.
//
// A search runs silently and keeps only decisions; when something is found, the same schedule runs
// again with an ExecutionObserver attached that sees every object, pending operation and event,
// each with its stack. Cost: microseconds an event; never attached while searching.
#ifndef HEDDLE_HARNESS_CORE_RECORDING_H_
#define HEDDLE_HARNESS_CORE_RECORDING_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/core/event.h"
#include "harness/core/finding.h"
#include "harness/core/heap_watcher.h"
#include "harness/core/ids.h"
#include "harness/core/object.h"
#include "harness/core/operation.h"
#include "harness/core/value_type.h"

namespace heddle {

using Stack = std::vector<uintptr_t>;  // return addresses, innermost first

class ExecutionObserver : public EventSink, public HeapWatcher {
 public:
  // Called on the acting thread's own stack: the observer may unwind it.
  virtual void OnThread(ThreadId thread, ThreadId parent, const char* name) = 0;
  virtual void OnObject(ObjectId object, const ObjectInit& init, ThreadId creator) = 0;
  // `thread` is about to carry out `op` and may have to wait.
  virtual void OnPending(ThreadId thread, const Operation& op) = 0;
  // The value of an access to ordinary memory, after its event.
  virtual void OnValue(EventSeq seq, const void* value, uint32_t size) = 0;
  // Where a block was allocated or freed; empty: it is not known.
  virtual Stack AllocationOf(uint32_t serial) const = 0;
  virtual Stack ReleaseOf(uint32_t serial) const = 0;
};

// A block of the heap or a thread's stack that a recorded value points into.
struct RecordedMemory {
  uintptr_t begin = 0;
  uintptr_t end = 0;
  bool stack = false;
  ThreadId thread = kNoThread;   // that allocated the block, or whose stack it is
  uint64_t size = 0;             // of a block, as asked for
  uint32_t serial = 0;           // of a block: its place in the order of all allocations
  Stack allocated_at;            // of a block
};

// Tells what an address of the program's memory is part of, while the program runs.
class MemoryMap {
 public:
  virtual ~MemoryMap() = default;
  virtual bool Find(uintptr_t address, RecordedMemory* memory) const = 0;
};

struct RecordedEvent {
  EventSeq seq = 0;
  uint64_t step = 0;             // of the schedule; events of one step share it
  Operation op;
  Transition by;
  uint64_t value = 0;
  bool has_value = false;        // of an access to ordinary memory: OnValue told it
  EventSeq source = 0;
  std::vector<uint32_t> clock;   // of the acting thread, indexed by thread
  Stack stack;
};

struct RecordedThread {
  ThreadId parent = kNoThread;
  std::string declared_name;     // may be empty
  Stack created_at;
  bool finished = false;
  bool has_pending = false;      // the operation that it waits in, when the execution ended
  Operation pending;
  Stack pending_stack;
};

struct RecordedObject {
  ObjectKind kind = ObjectKind::kNone;
  uintptr_t address = 0;
  uint32_t size = 0;
  ValueType value_type = ValueType::kUnknown;
  uint64_t initial = 0;          // as in ObjectInit
  std::string noun;              // "mutex", "latch"
  std::string declared_name;
  ThreadId creator = kNoThread;
  uint32_t index_of_kind = 0;    // the n-th object of its kind in this execution
  Stack created_at;              // stack of the first use
};

struct Recording {
  std::vector<RecordedThread> threads;  // indexed by ThreadId
  std::vector<RecordedObject> objects;  // indexed by ObjectId
  std::vector<RecordedEvent> events;    // in order of seq
  std::vector<RecordedMemory> memory;   // what values point into; a reused block once for each use
  std::vector<Suspicion> suspicions;    // in the order in which they were raised
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_RECORDING_H_
