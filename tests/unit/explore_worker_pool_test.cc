// Units in a worker's hands: what it is offered ahead and what is taken back.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "harness/explore/worker_pool.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"

namespace heddle::testing {
namespace {

void Body() {
  Atomic<int> value{0};
  Thread other([&] { value.store(1); });
  value.load();
  other.join();
}

constexpr uint64_t kEndless = uint64_t{1} << 40;

UnitTask Numbered(uint64_t number, uint64_t size) {
  UnitTask unit;
  unit.number = number;
  unit.size = size;
  return unit;
}

class WorkerPoolTest : public ::testing::Test {
 protected:
  WorkerPoolTest() {
    explored_.name = "pool/case";
    explored_.body = Body;
    options_.strategy = "random";
    task_.program = &explored_;
    task_.options = &options_;
    task_.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
  }

  // The numbers of the next units to end.
  std::vector<uint64_t> Ended(WorkerSlot* slot, size_t most) {
    std::vector<uint64_t> ended;
    while (ended.size() < most && !slot->child()->ended()) {
      std::string_view bytes;
      while (ended.size() < most && slot->child()->NextMessage(&bytes)) {
        MessageReader reader(bytes);
        MessageType type;
        UnitResult result;
        EXPECT_TRUE(reader.Get(&type) && type == MessageType::kUnitResult && result.Get(&reader));
        ended.push_back(result.number);
        slot->Release();
      }
      if (ended.size() < most) slot->child()->Wait(std::chrono::milliseconds(10));
    }
    return ended;
  }
  void WaitUntilAt(const WorkerSlot& slot, uint64_t unit) {
    for (const WorkerSlot::Assigned* at = nullptr; at == nullptr || at->unit != unit;) {
      at = slot.at();
    }
  }

  Case explored_;
  CampaignOptions options_;
  WorkerTask task_;
  WorkerPool pool_{2};
};

TEST_F(WorkerPoolTest, WhatIsWithdrawnIsNotExplored) {
  WorkerSlot* const slot = pool_.Vacant();
  std::string error;
  ASSERT_TRUE(slot->Start(task_, &error)) << error;
  EXPECT_EQ(pool_.SoonIdle(), nullptr);  // it has nothing yet
  slot->Assign(Numbered(1, kEndless));
  WaitUntilAt(*slot, 1);
  EXPECT_EQ(pool_.SoonIdle(), slot);
  slot->Offer(Numbered(2, 10));
  EXPECT_EQ(pool_.SoonIdle(), nullptr);
  EXPECT_EQ(pool_.WithdrawOffer(), 2u);
  EXPECT_EQ(pool_.WithdrawOffer(), std::nullopt);
  EXPECT_EQ(pool_.SoonIdle(), nullptr);  // it does not read while it explores
  slot->Offer(Numbered(2, 10));          // nor is what was sent before taken for it
  EXPECT_EQ(pool_.WithdrawOffer(), 2u);
  slot->Offer(Numbered(3, 10));
  slot->EndUnitSoon();
  EXPECT_EQ(Ended(slot, 2), (std::vector<uint64_t>{1, 3}));
  EXPECT_FALSE(slot->busy());
  EXPECT_EQ(slot->at(), nullptr);  // the counts are of what has ended
  slot->Assign(Numbered(4, 10));
  EXPECT_EQ(Ended(slot, 1), std::vector<uint64_t>{4});
}

TEST_F(WorkerPoolTest, WhatHasBegunIsNotWithdrawn) {
  WorkerSlot* const slot = pool_.Vacant();
  std::string error;
  ASSERT_TRUE(slot->Start(task_, &error)) << error;
  slot->Assign(Numbered(1, 10));
  slot->Offer(Numbered(2, kEndless));
  WaitUntilAt(*slot, 2);  // though what came of the first has not been read
  EXPECT_EQ(slot->units().size(), 2u);
  EXPECT_EQ(pool_.WithdrawOffer(), std::nullopt);
  EXPECT_EQ(Ended(slot, 1), std::vector<uint64_t>{1});
  EXPECT_EQ(pool_.SoonIdle(), slot);
  pool_.StopBusy();
  EXPECT_FALSE(pool_.AnyStarted());
}

}  // namespace
}  // namespace heddle::testing
