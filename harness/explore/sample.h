// Whether the executions of a campaign are a sample, from which those to come can be estimated.
#ifndef HEDDLE_HARNESS_EXPLORE_SAMPLE_H_
#define HEDDLE_HARNESS_EXPLORE_SAMPLE_H_

#include <string_view>

namespace heddle {

// `strategy`: NAME[:key=value,...]. Not of one that enumerates: its executions differ from those
// before by design, in an order that begins at one end, and say nothing of the ones to come.
bool IsSample(std::string_view strategy);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_SAMPLE_H_
