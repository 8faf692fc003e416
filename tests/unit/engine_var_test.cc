// Which variable an access is of, where somebody looks at accesses.
#include <vector>

#include "gtest/gtest.h"
#include "primitives/var.h"
#include "tests/support/controlled.h"

namespace heddle {
namespace {

using testing::Controlled;

class Writes final : public EventSink {
 public:
  EventMask Wants() const override { return {OpKind::kWrite}; }
  void OnEvent(const Event& event) override { objects.push_back(event.op->object); }

  std::vector<ObjectId> objects;
};

TEST(EngineVarTest, AVariableAtTheAddressOfAFormerOneIsAnother) {
  Controlled controlled;
  Writes writes;
  controlled.engine().SetEventSinks({&writes});
  controlled.RunRandom([] {
    for (int i = 0; i < 2; ++i) {
      Var<int> v{0};
      v = 1;
      v = 2;
    }
  });
  // Two writes and the end of each.
  ASSERT_EQ(writes.objects.size(), 6u);
  EXPECT_EQ(writes.objects[0], writes.objects[1]);
  EXPECT_EQ(writes.objects[0], writes.objects[2]);
  EXPECT_EQ(writes.objects[3], writes.objects[5]);
  EXPECT_NE(writes.objects[0], writes.objects[3]);
}

}  // namespace
}  // namespace heddle
