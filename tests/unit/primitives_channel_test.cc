// Channel, on real threads and under the controlled engine.
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/assert.h"
#include "primitives/channel.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/var.h"
#include "tests/unit/composed_test_support.h"

namespace heddle {
namespace {

using namespace std::chrono_literals;
using testing::Controlled;
using testing::ExpectClean;
using testing::Findings;
using testing::FindingsOf;

template <size_t kCapacity>
void TwoProducersTwoConsumers() {
  Channel<int> channel(kCapacity, "numbers");
  int sums[2] = {};
  const auto produce = [&](int first) {
    for (int i = 0; i < 2; ++i) Assert(channel.send(first + i));
  };
  const auto consume = [&](int& sum) {
    int last[2] = {};
    while (const std::optional<int> value = channel.receive()) {
      int& latest = last[*value >= 10 ? 1 : 0];
      Assert(*value > latest, "one sender's values come in order");
      latest = *value;
      sum += *value;
    }
  };
  Thread p1(produce, 1);
  Thread p2(produce, 10);
  Thread c1([&] { consume(sums[0]); });
  Thread c2([&] { consume(sums[1]); });
  p1.join();
  p2.join();
  channel.close();
  c1.join();
  c2.join();
  Assert(sums[0] + sums[1] == 1 + 2 + 10 + 11, "every value is received once");
}

TEST(Channel, DeliversEachValueOnce) {
  ExpectClean(TwoProducersTwoConsumers<0>);
  ExpectClean(TwoProducersTwoConsumers<1>);
  ExpectClean(TwoProducersTwoConsumers<2>);
}

void Publishes() {
  Channel<Var<int>*> channel(1);
  Var<int> data(0);
  Thread sender([&] {
    data = 5;
    channel.send(&data);
  });
  const std::optional<Var<int>*> received = channel.receive();
  Assert(**received == 5);
  sender.join();
}

TEST(Channel, OrdersSendBeforeReceive) { ExpectClean(Publishes); }

void Rendezvous() {
  Channel<int> channel(0);
  Var<int> before(0);
  Thread receiver([&] {
    before = 1;
    Assert(channel.receive() == 7);
  });
  Assert(channel.send(7));
  Assert(before == 1, "a rendezvous orders both ways");
  receiver.join();
}

void TryRendezvous() {
  Channel<int> channel(0);
  Assert(!channel.try_send(1), "nobody waits");
  Assert(!channel.try_receive());
  Thread receiver([&] { Assert(channel.receive() == 2); });
  while (!channel.try_send(2)) Yield();
  receiver.join();
  Thread sender([&] { Assert(channel.send(3)); });
  while (!channel.try_receive()) Yield();
  sender.join();
}

TEST(Channel, OfCapacityZeroIsARendezvous) {
  ExpectClean(Rendezvous);
  ExpectClean(TryRendezvous);
}

void Tries() {
  Channel<std::unique_ptr<int>> channel(2);
  Assert(channel.capacity() == 2 && channel.size() == 0 && !channel.is_closed());
  Assert(!channel.try_receive());
  Assert(channel.try_send(std::make_unique<int>(1)));
  Assert(channel.try_send(std::make_unique<int>(2)));
  Assert(!channel.try_send(std::make_unique<int>(3)), "full");
  Assert(channel.size() == 2);
  Assert(**channel.try_receive() == 1);
  channel.close();
  Assert(channel.is_closed());
  Assert(**channel.receive() == 2, "what was sent before close is received");
  Assert(!channel.receive());
  Assert(!channel.try_receive());
  Assert(!channel.receive_for(1h));
}

void ReceiveWithTimeout() {
  Channel<int> channel(1);
  Assert(!channel.receive_for(1ms));
  Thread sender([&] { channel.send(4); });
  Assert(channel.receive_for(1h) == 4);
  sender.join();
}

TEST(Channel, TriesAndTimesOut) {
  ExpectClean(Tries);
  ExpectClean(ReceiveWithTimeout);
}

// Under control a sleep ends only when nobody else can run: when the other thread waits.
template <size_t kCapacity>
void CloseWhileSending() {
  Channel<int> channel(kCapacity);
  if (kCapacity == 1) channel.send(0);
  Thread sender([&] { Assert(!channel.send(1)); });
  SleepFor(1ms);
  channel.close();
  sender.join();
  Assert(channel.size() == kCapacity, "the value was dropped");
}

void CloseWhileReceiving() {
  Channel<int> channel(1);
  const auto receive = [&] { Assert(!channel.receive()); };
  Thread a(receive);
  Thread b(receive);
  channel.close();
  a.join();
  b.join();
}

TEST(Channel, CloseWakesWhoeverWaits) {
  ExpectClean(CloseWhileSending<0>);
  ExpectClean(CloseWhileSending<1>);
  ExpectClean(CloseWhileReceiving);
}

void SendAfterClose() {
  Channel<int> channel(1);
  channel.close();
  Assert(!channel.send(1));
}

void TrySendAfterClose() {
  Channel<int> channel(1);
  channel.close();
  Assert(!channel.try_send(1));
}

void CloseRace() {
  Channel<int> channel(1);
  Thread sender([&] { channel.send(1); });
  channel.close();
  sender.join();
}

void CloseTwice() {
  Channel<int> channel(1);
  Thread other([&] { channel.close(); });
  channel.close();
  other.join();
}

TEST(Channel, ReportsMisuse) {
  for (auto* body : {SendAfterClose, TrySendAfterClose, CloseRace}) {
    body();
    EXPECT_EQ(FindingsOf(body), Findings{"misuse: send to a Channel that is closed"});
  }
  CloseTwice();
  EXPECT_EQ(FindingsOf(CloseTwice), Findings{"misuse: close of a Channel that is closed already"});
}

void NobodySends() {
  Channel<int> channel(1);
  channel.receive();
}

void NobodyReceives() {
  Channel<int> channel(0);
  channel.send(1);
}

TEST(Channel, WaitForNobodyIsStuck) {
  EXPECT_EQ(FindingsOf(NobodySends), Findings{"stuck"});
  EXPECT_EQ(FindingsOf(NobodyReceives), Findings{"stuck"});
}

void SendReceiveClose() {
  Channel<int> channel(2);
  channel.send(1);
  channel.send(2);
  channel.receive();
  channel.close();
}

class AnnotationLog : public EventSink {
 public:
  EventMask Wants() const override { return {OpKind::kAnnotate}; }
  void OnEvent(const Event& event) override {
    seen.emplace_back(static_cast<Annotation>(event.op->operand), event.op->expected);
    objects.insert(event.op->object);
  }
  std::vector<std::pair<Annotation, uint64_t>> seen;
  std::set<ObjectId> objects;
};

TEST(Channel, AnnotatesWithTheNumberOfTheValue) {
  Controlled controlled;
  AnnotationLog log;
  controlled.engine().SetEventSinks({&log});
  controlled.RunRandom(SendReceiveClose);
  EXPECT_EQ(log.seen,
            (std::vector<std::pair<Annotation, uint64_t>>{{Annotation::kChannelSend, 1},
                                                          {Annotation::kChannelSend, 2},
                                                          {Annotation::kChannelReceive, 1},
                                                          {Annotation::kChannelClose, 0}}));
  EXPECT_EQ(log.objects.size(), 1u);
  EXPECT_EQ(log.objects.count(kNoObject), 0u);
}

}  // namespace
}  // namespace heddle
