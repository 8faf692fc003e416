// The detectors that watch the executions of one case, as one.
#ifndef HEDDLE_HARNESS_EXPLORE_DETECTORS_H_
#define HEDDLE_HARNESS_EXPLORE_DETECTORS_H_

#include <memory>
#include <vector>

#include "harness/detect/registry.h"
#include "harness/explore/case.h"

namespace heddle {

class Detectors {
 public:
  explicit Detectors(const Case& watched) {
    for (const DetectorInfo& info : AllDetectors()) {
      const bool asked_for = watched.atomicity_of_unannotated && info.name == "avio";
      if (info.on_by_default || asked_for) detectors_.push_back(info.make());
    }
  }

  // For the engine.
  std::vector<EventSink*> Sinks() const {
    std::vector<EventSink*> sinks;
    for (const auto& detector : detectors_) sinks.push_back(detector.get());
    return sinks;
  }

  // Around each execution.
  void Begin(SuspicionSink* sink) {
    for (const auto& detector : detectors_) detector->Begin(sink);
  }
  void End() {
    for (const auto& detector : detectors_) detector->End();
  }

 private:
  std::vector<std::unique_ptr<Detector>> detectors_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_DETECTORS_H_
