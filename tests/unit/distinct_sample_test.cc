#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "harness/core/random.h"
#include "harness/explore/distinct_sample.h"

namespace heddle::testing {
namespace {

std::string BytesOf(const DistinctSample& sample) {
  ByteWriter writer;
  sample.Put(&writer);
  return writer.Take();
}

TEST(DistinctSample, CountsExactlyAsLongAsItCan) {
  DistinctSample sample;
  std::map<uint64_t, int> naive;
  Random random(1);
  for (int i = 0; i < 40'000; ++i) {
    const uint64_t hash = MixSeed(7, random.Below(30'000));
    sample.Add(hash);
    ++naive[hash];
  }
  uint64_t once = 0;
  for (const auto& [hash, times] : naive) once += times == 1 ? 1 : 0;
  EXPECT_TRUE(sample.exact());
  EXPECT_EQ(sample.distinct(), naive.size());
  EXPECT_EQ(sample.once(), once);
}

TEST(DistinctSample, EstimatesBeyondWithinThreeStandardErrors) {
  DistinctSample sample;
  constexpr uint64_t kDistinct = 1'000'000;
  for (uint64_t i = 0; i < kDistinct; ++i) sample.Add(MixSeed(3, i));
  for (uint64_t i = 0; i < kDistinct / 4; ++i) sample.Add(MixSeed(3, i));
  const double tolerance = 3 * kDistinct * std::sqrt(2.0 / DistinctSample::kMost);
  EXPECT_FALSE(sample.exact());
  EXPECT_NEAR(static_cast<double>(sample.distinct()), kDistinct, tolerance);
  EXPECT_NEAR(static_cast<double>(sample.once()), 0.75 * kDistinct, tolerance);
}

// However a multiset is divided, and in whatever order the parts come: the same bytes.
TEST(DistinctSample, PartsAddUpToTheWhole) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    Random random(seed);
    const uint32_t things = seed < 3 ? 5'000 : 250'000;
    DistinctSample whole;
    std::vector<DistinctSample> parts(1 + seed);
    for (uint64_t i = 0; i < things * 3 / 2; ++i) {
      const uint64_t hash = MixSeed(seed, random.Below(things));
      whole.Add(hash);
      parts[random.Below(static_cast<uint32_t>(parts.size()))].Add(hash);
    }
    DistinctSample forward;
    for (const DistinctSample& part : parts) forward.Add(part);
    DistinctSample backward;
    for (size_t i = parts.size(); i-- > 0;) backward.Add(parts[i]);
    EXPECT_EQ(BytesOf(forward), BytesOf(whole));
    EXPECT_EQ(BytesOf(backward), BytesOf(whole));
  }
}

TEST(DistinctSample, SurvivesBytesAndRefusesDamagedOnes) {
  DistinctSample sample;
  for (uint64_t i = 0; i < 100'000; ++i) sample.Add(MixSeed(1, i % 70'000));
  const std::string bytes = BytesOf(sample);
  DistinctSample read;
  ByteReader reader(bytes);
  ASSERT_TRUE(read.Get(&reader));
  EXPECT_EQ(BytesOf(read), bytes);
  EXPECT_EQ(read.once(), sample.once());
  for (size_t cut = 0; cut < bytes.size(); cut += 1'009) {
    ByteReader shorter(std::string_view(bytes).substr(0, cut));
    EXPECT_FALSE(read.Get(&shorter)) << cut;
  }
  std::string twice = bytes;
  twice.replace(20, 8, bytes, 12, 8);  // the same hash again
  ByteReader damaged(twice);
  EXPECT_FALSE(read.Get(&damaged));
}

}  // namespace
}  // namespace heddle::testing
