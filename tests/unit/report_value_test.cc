// Values in reports are shown as their types say.
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/var.h"
#include "tests/unit/report_test_support.h"

namespace heddle::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

// The interleaving of a program that shows the values and fails.
std::vector<std::string> StepsOf(void (*body)()) {
  Investigation investigation;
  const auto finding = investigation.Find(body, FindingKind::kAssertion);
  std::vector<std::string> steps;
  if (!finding) return steps;
  for (const FindingStep& step : finding->interleaving) {
    if (step.text.find('=') != std::string::npos) steps.push_back(step.text);
  }
  return steps;
}

template <typename T, T... kValues>
void Store() {
  Atomic<T> x(T{}, "x");
  (x.store(kValues), ...);
  Assert(false, "shown");
}

TEST(ReportValueTest, Booleans) {
  EXPECT_THAT(StepsOf(Store<bool, true, false>), ElementsAre("store x = true", "store x = false"));
}

TEST(ReportValueTest, SignedIntegersOfEveryWidth) {
  EXPECT_THAT(StepsOf(Store<int8_t, -1, 127>), ElementsAre("store x = -1", "store x = 127"));
  EXPECT_THAT(StepsOf(Store<int16_t, INT16_MIN>), ElementsAre("store x = -32768"));
  EXPECT_THAT(StepsOf(Store<int32_t, INT32_MIN, -70'000>),
              ElementsAre("store x = -2147483648", "store x = -70000"));
  EXPECT_THAT(StepsOf(Store<int64_t, INT64_MIN, 1'000'000'000'000>),
              ElementsAre("store x = -9223372036854775808", "store x = 1000000000000"));
}

// What is too large for a number that one reads is shown as bits.
TEST(ReportValueTest, UnsignedIntegers) {
  EXPECT_THAT(StepsOf(Store<uint8_t, 255>), ElementsAre("store x = 255"));
  EXPECT_THAT(StepsOf(Store<uint32_t, UINT32_MAX>), ElementsAre("store x = 4294967295"));
  EXPECT_THAT(StepsOf(Store<uint64_t, UINT32_MAX, UINT64_MAX>),
              ElementsAre("store x = 4294967295", "store x = 0xffffffffffffffff"));
}

enum class Color : int8_t { kNone = -1, kRed = 3 };

TEST(ReportValueTest, EnumerationsAreTheirUnderlyingType) {
  EXPECT_THAT(StepsOf(Store<Color, Color::kNone, Color::kRed>),
              ElementsAre("store x = -1", "store x = 3"));
}

void StoreFloating() {
  Atomic<double> x(0, "x");
  for (const double value : {0.5, -0.0, 1e300, 1.0 / 3}) x.store(value);
  Atomic<float> y(0, "y");
  y.store(0.1f);
  Var<double> z(0, "z");
  z = 2.5;
  Assert(false, "shown");
}

TEST(ReportValueTest, FloatingPoint) {
  EXPECT_THAT(StepsOf(StoreFloating),
              ElementsAre("store x = 0.5", "store x = -0", "store x = 1e+300",
                          "store x = 0.3333333333333333", "store y = 0.1", "z = 2.5"));
}

void StoreAddress() {
  static Atomic<int> target(0, "target");
  Atomic<uintptr_t> number(0, "number");
  number.store(reinterpret_cast<uintptr_t>(&target));
  Atomic<Atomic<int>*> pointer(nullptr, "pointer");
  pointer.store(&target);
  pointer.store(nullptr);
  target.store(1);
  Assert(false, "shown");
}

TEST(ReportValueTest, AddressesAlsoInIntegers) {
  const std::vector<std::string> steps = StepsOf(StoreAddress);
  EXPECT_THAT(steps, Contains("store number = &target"));
  EXPECT_THAT(steps, Contains("store pointer = &target"));
  EXPECT_THAT(steps, Contains("store pointer = 0"));
}

}  // namespace
}  // namespace heddle::testing
