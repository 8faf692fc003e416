// Identifiers of threads and modelled objects, and virtual time.
//
// Both identifiers are dense indices within one execution, given in order of creation. They mean
// nothing outside that execution; names that can be compared between executions are made from them
// when a report is written (see runtime/naming.h).
#ifndef HEDDLE_HARNESS_CORE_IDS_H_
#define HEDDLE_HARNESS_CORE_IDS_H_

#include <cstdint>
#include <limits>

namespace heddle {

// A program thread of the current execution; 0 is the thread that runs the case's body.
enum class ThreadId : uint32_t {};
inline constexpr ThreadId kMainThread{0};
inline constexpr ThreadId kNoThread{0xffffffff};

// A modelled object of the current execution.
enum class ObjectId : uint32_t {};
inline constexpr ObjectId kNoObject{0xffffffff};

constexpr uint32_t Index(ThreadId thread) { return static_cast<uint32_t>(thread); }
constexpr uint32_t Index(ObjectId object) { return static_cast<uint32_t>(object); }

// Nanoseconds of virtual time since the start of the execution. Never real time.
using VirtualTime = int64_t;
inline constexpr VirtualTime kNoDeadline = std::numeric_limits<VirtualTime>::max();

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_IDS_H_
