// The detectors there are. To add one: write its file, and add its line to the table in
// registry.cc.
//
// What the engine finds by itself (data races, deadlocks that happen, misuse, heap faults, leaks)
// is not in the table: it costs nothing extra and is always on.
#ifndef HEDDLE_HARNESS_DETECT_REGISTRY_H_
#define HEDDLE_HARNESS_DETECT_REGISTRY_H_

#include <memory>
#include <span>
#include <string_view>

#include "harness/detect/detector.h"

namespace heddle {

struct DetectorInfo {
  std::string_view name;  // [a-z-]+
  std::string_view help;  // one line
  bool on_by_default = true;
  std::unique_ptr<Detector> (*make)() = nullptr;
};

std::span<const DetectorInfo> AllDetectors();

// Null when there is none of that name.
const DetectorInfo* FindDetector(std::string_view name);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_DETECT_REGISTRY_H_
