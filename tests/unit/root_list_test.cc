// A list of roots against a plain vector of them, with random paths.
#include "harness/strategy/root_list.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/bytes.h"
#include "harness/core/random.h"

namespace heddle {
namespace {

struct Plain {
  std::vector<Decision> decisions;
  uint32_t values_end = 0;
  bool operator==(const Plain&) const = default;
};

Decision RandomDecision(Random& random) {
  if (random.Below(4) == 0) {
    const uint32_t bound = 1 + random.Below(1u << random.Below(30));
    return Decision::Value(ChoiceKind::kUser, random.Below(bound), bound);
  }
  return Decision::Pick(ThreadId{random.Below(1u << random.Below(12))},
                        static_cast<OpKind>(random.Below(kOpKinds)));
}

// Adds some groups, of paths that may be long.
void AddGroups(Random& random, uint32_t groups, RootList* list, std::vector<Plain>* plain) {
  for (uint32_t group = 1; group <= groups; ++group) {
    std::vector<Decision> path(1 + random.Below(1u << random.Below(8)));
    for (Decision& decision : path) decision = RandomDecision(random);
    for (uint32_t roots = 1 + random.Below(6); roots > 0; --roots) {
      const size_t length = random.Below(static_cast<uint32_t>(path.size()));
      Plain one;
      one.decisions.assign(path.begin(), path.begin() + static_cast<ptrdiff_t>(length));
      // Otherwise than the path goes on, as an alternative is.
      Decision last = RandomDecision(random);
      while (last == path[length]) last = RandomDecision(random);
      one.decisions.push_back(last);
      if (last.is_value) one.values_end = last.value + 1 + random.Below(1'000);
      list->Add(group, path, length, last, one.values_end);
      plain->push_back(std::move(one));
    }
  }
}

std::vector<Plain> TakeAll(RootList list) {
  std::vector<Plain> all;
  while (const RootList::Root* const root = list.Take()) {
    all.push_back({root->decisions, root->values_end});
  }
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.bytes(), 0u);
  return all;
}

TEST(RootListTest, GivesBackWhatWasAddedHoweverItIsDividedAndPutTogether) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    RootList list;
    std::vector<Plain> plain;
    AddGroups(random, 1 + random.Below(1u << random.Below(10)), &list, &plain);
    EXPECT_EQ(list.size(), plain.size());
    std::vector<Plain> taken;
    for (uint32_t n = random.Below(20); n > 0; --n) {
      if (const RootList::Root* const root = list.Take(); root != nullptr) {
        taken.push_back({root->decisions, root->values_end});
      }
    }
    RootList together;
    while (!list.empty()) {
      RootList some = list.TakeMany(1 + random.Below(1u << random.Below(10)));
      some.Settle();
      const uint64_t size = some.size();
      const size_t bytes = some.bytes();
      ByteWriter writer;
      some.Put(&writer);
      const std::string text = writer.Take();
      ByteReader reader(text);
      RootList read;
      ASSERT_TRUE(read.Get(&reader));
      EXPECT_TRUE(reader.AtEnd());
      EXPECT_EQ(read.size(), size);
      EXPECT_EQ(read.bytes(), bytes);
      if (random.Below(3) == 0 && !read.empty()) {
        const RootList::Root* const root = read.Take();
        if (together.empty()) {
          taken.push_back({root->decisions, root->values_end});
        } else {
          RootList one;
          one.Add(1, root->decisions, root->decisions.size() - 1, root->decisions.back(),
                  root->values_end);
          together.Append(std::move(one));
        }
      }
      together.Append(std::move(read));
    }
    for (Plain& one : TakeAll(std::move(together))) taken.push_back(std::move(one));
    ASSERT_TRUE(taken == plain) << "seed " << seed;
  }
}

TEST(RootListTest, IsCutBehindTheGroupsThatFit) {
  Random random(1);
  std::vector<size_t> bytes = {0};
  std::vector<uint64_t> sizes = {0};
  RootList list;
  std::vector<Plain> plain;
  for (int group = 0; group < 3'000; ++group) {
    RootList one;
    AddGroups(random, 1, &one, &plain);
    list.Append(std::move(one));
    bytes.push_back(list.bytes());
    sizes.push_back(list.size());
  }
  for (int i = 0; i < 200; ++i) {
    const uint32_t group = random.Below(3'000);
    const auto next = static_cast<uint32_t>(bytes[group + 1] - bytes[group]);
    const size_t most = bytes[group] + random.Below(next);
    RootList cut = list;
    cut.CutTo(most);
    EXPECT_EQ(cut.bytes(), bytes[group]);
    EXPECT_EQ(cut.size(), sizes[group]);
    // What is added later is behind.
    std::vector<Plain> expected(plain.begin(),
                                plain.begin() + static_cast<ptrdiff_t>(sizes[group]));
    AddGroups(random, 2, &cut, &expected);
    ASSERT_TRUE(TakeAll(std::move(cut)) == expected);
  }
  RootList whole = list;
  whole.CutTo(list.bytes());
  EXPECT_EQ(whole.size(), plain.size());
}

TEST(RootListTest, DamagedBytesAreRefused) {
  Random random(1);
  RootList list;
  std::vector<Plain> plain;
  AddGroups(random, 5, &list, &plain);
  ByteWriter writer;
  list.Put(&writer);
  const std::string bytes = writer.Take();
  for (size_t size = 0; size < bytes.size(); ++size) {
    RootList damaged;
    ByteReader reader(std::string_view(bytes).substr(0, size));
    EXPECT_FALSE(damaged.Get(&reader)) << size;
  }
}

}  // namespace
}  // namespace heddle
