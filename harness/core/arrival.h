// What an arrival at a barrier tells its door, beside the phase.
#ifndef HEDDLE_HARNESS_CORE_ARRIVAL_H_
#define HEDDLE_HARNESS_CORE_ARRIVAL_H_

#include <cstdint>

namespace heddle {

// Bit of an arrival's value, where the barrier has a completion function (ObjectInit::limit is
// 1): the arrival was the last of its phase. The caller runs the completion function and then
// performs a kArrive of no arrivals (operand 0), which ends the phase.
inline constexpr uint64_t kLastArrival = uint64_t{1} << 63;

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_ARRIVAL_H_
