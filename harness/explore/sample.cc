#include "harness/explore/sample.h"

#include "harness/strategy/registry.h"

namespace heddle {

bool IsSample(std::string_view strategy) {
  const auto made = MakeStrategy(strategy);
  return !made.ok() || (*made)->AsTreeSearch() == nullptr;
}

}  // namespace heddle
