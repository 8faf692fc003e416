// The interleaving of a text report: one column per thread, and where in the source.
#ifndef HEDDLE_HARNESS_REPORT_TEXT_INTERLEAVING_H_
#define HEDDLE_HARNESS_REPORT_TEXT_INTERLEAVING_H_

#include <cstddef>
#include <string>

#include "harness/core/finding.h"
#include "harness/report/text_layout.h"

namespace heddle::internal {

// The steps that matter, a line each. Steps that are a side of the finding are marked with '>'.
// With more threads than fit into `width`, every line names its thread instead.
std::string RenderInterleaving(const Finding& finding, const Paint& paint, size_t width);

}  // namespace heddle::internal

#endif  // HEDDLE_HARNESS_REPORT_TEXT_INTERLEAVING_H_
