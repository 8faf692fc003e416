#include "harness/detect/registry.h"

#include "harness/detect/atomic_block.h"
#include "harness/detect/avio.h"
#include "harness/detect/lock_order.h"

namespace heddle {
namespace {

template <typename T>
std::unique_ptr<Detector> Make() {
  return std::make_unique<T>();
}

constexpr DetectorInfo kDetectors[] = {
    {"lock-order", "locks taken in orders that can deadlock under another schedule", true,
     &Make<LockOrderDetector>},
    {"atomic-block", "a heddle::AtomicBlock that no serial order of blocks explains", true,
     &Make<AtomicBlockDetector>},
    {"avio", "unserialisable interleavings of two accesses in unannotated code (low confidence)",
     false, &Make<AvioDetector>},
};

}  // namespace

std::span<const DetectorInfo> AllDetectors() { return kDetectors; }

const DetectorInfo* FindDetector(std::string_view name) {
  for (const DetectorInfo& detector : kDetectors) {
    if (detector.name == name) return &detector;
  }
  return nullptr;
}

}  // namespace heddle
