#include <set>
#include <string>

#include <gtest/gtest.h>

#include "harness/detect/registry.h"

namespace heddle {
namespace {

TEST(DetectorRegistry, NamesAreDistinctAndFindTheirDetector) {
  std::set<std::string> names;
  for (const DetectorInfo& detector : AllDetectors()) {
    EXPECT_TRUE(names.emplace(detector.name).second);
    EXPECT_FALSE(detector.help.empty());
    EXPECT_EQ(FindDetector(detector.name), &detector);
    EXPECT_NE(detector.make(), nullptr);
  }
  EXPECT_EQ(names, (std::set<std::string>{"lock-order", "atomic-block", "avio"}));
  EXPECT_EQ(FindDetector("lock"), nullptr);
}

TEST(DetectorRegistry, OnlyAvioIsOffByDefault) {
  for (const DetectorInfo& detector : AllDetectors()) {
    EXPECT_EQ(detector.on_by_default, detector.name != "avio");
  }
}

}  // namespace
}  // namespace heddle
