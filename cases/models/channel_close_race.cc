// A channel closed by one sender while another still sends.
//
// Two producers feed one channel, and whoever is done closes it. In Go the other's next send panics
// ("send on closed channel"), hence its rule that only the sender closes, and only if there is one.
//
// The twin counts the producers: the last to finish closes.
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/channel.h"
#include "primitives/thread.h"

namespace {

using heddle::Atomic;
using heddle::Channel;
using heddle::Thread;

struct Feed {
  Channel<int> values{2, "values"};
  Atomic<int> producers{2};
};

void ProduceAndClose(Feed& feed) {
  feed.values.send(1);
  if (!feed.values.is_closed()) feed.values.close();
}

void ProduceAndCloseLast(Feed& feed) {
  feed.values.send(1);
  if (feed.producers.fetch_sub(1) == 1)  // fix
    feed.values.close();
}

template <void (*kProduce)(Feed&)>
void TwoProducers() {
  Feed feed;
  Thread other([&] { kProduce(feed); });
  kProduce(feed);
  other.join();
}

const heddle::RegisterCase kBug{{.name = "models/channel_close_race",
                                 .body = TwoProducers<ProduceAndClose>,
                                 .expect = {heddle::FindingKind::kMisuse},
                                 .about = "a producer closes the channel that another sends to"}};
const heddle::RegisterCase kFixed{{.name = "models/channel_close_race_fixed",
                                   .body = TwoProducers<ProduceAndCloseLast>,
                                   .about = "the last producer closes it"}};

}  // namespace
