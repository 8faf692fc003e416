// A history of calls as text, one column for each thread: a call and its return in a line each,
// with a bar between them, or in one line where nothing else was called or returned in between.
#ifndef HEDDLE_HARNESS_REPORT_TEXT_HISTORY_H_
#define HEDDLE_HARNESS_REPORT_TEXT_HISTORY_H_

#include <string>

#include "harness/core/finding.h"
#include "harness/report/text_layout.h"

namespace heddle::internal {

// Empty if the finding has no history.
std::string RenderHistory(const Finding& finding, const Paint& paint);

}  // namespace heddle::internal

#endif  // HEDDLE_HARNESS_REPORT_TEXT_HISTORY_H_
