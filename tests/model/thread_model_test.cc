// A thread as an object, alone.
#include "harness/model/thread_model.h"

#include <gtest/gtest.h>

#include "tests/support/fake_context.h"

namespace heddle::testing {
namespace {

constexpr Operation kSpawn{.kind = OpKind::kSpawn};
constexpr Operation kStart{.kind = OpKind::kStart};
constexpr Operation kExit{.kind = OpKind::kExit};
constexpr Operation kJoin{.kind = OpKind::kJoin};
constexpr Operation kDetach{.kind = OpKind::kDetach};

class ThreadModelTest : public ::testing::Test {
 protected:
  ThreadModelTest() { child().Bind(B); }
  ThreadModel& child() { return static_cast<ThreadModel&>(thread_); }

  FakeContext context_;
  SyncModel& thread_ = context_.Add({.kind = ObjectKind::kThread});
};

TEST_F(ThreadModelTest, SpawnSynchronisesWithTheStartAndTheEndWithJoin) {
  const uint32_t before = context_.Time(A);
  context_.Do(thread_, A, kSpawn);
  const uint32_t after = context_.Time(A);
  context_.Do(thread_, B, kStart);
  EXPECT_TRUE(context_.Knows(B, A, before));
  EXPECT_FALSE(context_.Knows(B, A, after));
  EXPECT_EQ(context_.Can(thread_, A, kJoin), kBlocked);
  EXPECT_EQ(context_.Holders(thread_, A, kJoin), std::vector{B});
  const uint32_t last = context_.Time(B);
  context_.Do(thread_, B, kExit);
  EXPECT_TRUE(context_.Holders(thread_, A, kJoin).empty());
  EXPECT_TRUE(child().abandoned());
  context_.Do(thread_, A, kJoin);
  EXPECT_TRUE(context_.Knows(A, B, last));
  EXPECT_FALSE(child().abandoned());
  EXPECT_TRUE(context_.misuse.empty());
}

TEST_F(ThreadModelTest, WhatCannotBeJoinedIsMisuseAndBlocksNobody) {
  EXPECT_EQ(context_.Can(thread_, B, kJoin), Outcome::kDone);
  context_.Do(thread_, B, kJoin);
  context_.Do(thread_, A, kDetach);
  context_.Do(thread_, A, kJoin);
  context_.Do(thread_, A, kDetach);
  SyncModel& joined = context_.Add({.kind = ObjectKind::kThread});
  static_cast<ThreadModel&>(joined).Bind(C);
  context_.Do(joined, C, kExit);
  context_.Do(joined, A, kJoin);
  context_.Do(joined, A, kJoin);
  context_.Do(joined, A, kDetach);
  EXPECT_EQ(context_.misuse,
            (std::vector<std::string>{"a thread joins itself", "join of a detached thread",
                                      "second detach of a thread", "second join of a thread",
                                      "detach of a joined thread"}));
}

TEST_F(ThreadModelTest, SleepsUntilItsDeadline) {
  const Operation sleep{.kind = OpKind::kSleep, .deadline = 10};
  EXPECT_EQ(context_.Can(thread_, B, sleep), kBlocked);
  context_.SetNow(10);
  EXPECT_EQ(context_.Can(thread_, B, sleep), Outcome::kDone);
}

}  // namespace
}  // namespace heddle::testing
