// Once alone, as a state machine.
#include <gtest/gtest.h>

#include "tests/support/fake_context.h"

namespace heddle::testing {
namespace {

constexpr Operation kEnter{.kind = OpKind::kOnceEnter};
constexpr Operation kReturned{.kind = OpKind::kOnceDone, .operand = 1};
constexpr Operation kThrew{.kind = OpKind::kOnceDone, .operand = 0};

class OnceModelTest : public ::testing::Test {
 protected:
  FakeContext context_;
  SyncModel& once_ = context_.Add({.kind = ObjectKind::kOnce});
};

TEST_F(OnceModelTest, TheFirstRunsItAndTheOthersWait) {
  EXPECT_EQ(context_.Do(once_, A, kEnter).value, 1u);
  EXPECT_EQ(context_.Can(once_, B, kEnter), kBlocked);
  EXPECT_EQ(context_.Holders(once_, B, kEnter), std::vector{A});
  EXPECT_EQ(context_.Holders(once_, A, kEnter), std::vector{A});  // a call inside the function
  EXPECT_EQ(once_.InUse(), "running");
  const uint32_t inside = context_.Time(A);
  context_.Do(once_, A, kReturned);
  EXPECT_EQ(once_.InUse(), "");
  EXPECT_EQ(context_.Do(once_, B, kEnter).value, 0u);
  EXPECT_TRUE(context_.Knows(B, A, inside));
  EXPECT_EQ(context_.Can(once_, C, kEnter), Outcome::kDone);  // B runs nothing
  EXPECT_EQ(context_.Do(once_, A, kEnter).value, 0u);
}

TEST_F(OnceModelTest, AnExceptionLetsTheNextRunIt) {
  context_.Do(once_, A, kEnter);
  const uint32_t inside = context_.Time(A);
  context_.Do(once_, A, kThrew);
  EXPECT_EQ(context_.Do(once_, B, kEnter).value, 1u);
  EXPECT_TRUE(context_.Knows(B, A, inside));
  context_.Do(once_, B, kReturned);
  EXPECT_EQ(context_.Do(once_, A, kEnter).value, 0u);
}

TEST_F(OnceModelTest, StatesHashApart) {
  const uint64_t fresh = once_.StateHash();
  context_.Do(once_, A, kEnter);
  const uint64_t running = once_.StateHash();
  context_.Do(once_, A, kThrew);
  EXPECT_EQ(once_.StateHash(), fresh);
  context_.Do(once_, A, kEnter);
  EXPECT_EQ(once_.StateHash(), running);
  context_.Do(once_, A, kReturned);
  EXPECT_NE(once_.StateHash(), fresh);
  EXPECT_NE(once_.StateHash(), running);
}

}  // namespace
}  // namespace heddle::testing
