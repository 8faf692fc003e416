// A Finding as JSON and back: findings/<fingerprint>/finding.json. docs/report.md describes each
// field; the two are changed together.
//
// FindingFromJson(ToJson(f)) gives f again, but for bytes that are not UTF-8, which are replaced by
// U+FFFD. Fields that it does not know are ignored, so that a newer writer of the same version may
// add some; whatever else is not as documented is an error that names the field. Pure.
#ifndef HEDDLE_HARNESS_REPORT_JSON_REPORT_H_
#define HEDDLE_HARNESS_REPORT_JSON_REPORT_H_

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "harness/core/finding.h"

namespace heddle {

// Raised when a field changes its meaning or goes; a reader refuses other versions.
inline constexpr int kFindingJsonVersion = 1;

// Indented, ends with a newline.
std::string ToJson(const Finding& finding);
absl::StatusOr<Finding> FindingFromJson(std::string_view json);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_REPORT_JSON_REPORT_H_
