// Names of objects in traces of steps: the same in every execution and process where the object is
// the same. Static storage and the heap are named by offsets below 2^61.
#ifndef HEDDLE_HARNESS_STRATEGY_OBJECT_NAME_H_
#define HEDDLE_HARNESS_STRATEGY_OBJECT_NAME_H_

#include <cstdint>
#include <span>

namespace heddle {

inline constexpr uint64_t kThreadObject = uint64_t{1} << 63;  // and its name
inline constexpr uint64_t kStackObject = uint64_t{1} << 62;   // and the thread's name, an offset
inline constexpr uint64_t kHeapBlock = uint64_t{1} << 59;     // and its address: the memory itself
inline constexpr uint64_t kOtherObject = uint64_t{1} << 61;   // and an index

inline uint64_t ObjectOnStack(uint32_t thread, uint32_t offset) {
  return kStackObject | uint64_t{thread} << 32 | offset;
}

// Where a thread is part of the name: calls it names[thread]. False: it is no thread of those.
inline bool RenameThreadOf(uint64_t* object, std::span<const uint32_t> names) {
  if ((*object & kThreadObject) != 0) {
    const uint64_t thread = *object & ~kThreadObject;
    if (thread >= names.size()) return false;
    *object = kThreadObject | names[thread];
  } else if ((*object & kStackObject) != 0) {
    const uint64_t thread = (*object & ~kStackObject) >> 32;
    if (thread >= names.size()) return false;
    *object = ObjectOnStack(names[thread], static_cast<uint32_t>(*object));
  }
  return true;
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_OBJECT_NAME_H_
