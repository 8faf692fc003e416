// A digest of the events of one execution: two executions that did the same have the same digest.
//
// Finds what decisions alone do not show: an atomic that gets the time of day, an object that
// exists only in the second execution. Values count only where addresses are the same each time,
// since a value may be an address. Values of ordinary memory do not count: their padding is
// arbitrary. Cost: about 2 ns an event.
#ifndef HEDDLE_HARNESS_EXPLORE_EVENT_DIGEST_H_
#define HEDDLE_HARNESS_EXPLORE_EVENT_DIGEST_H_

#include <cstdint>

#include "harness/core/event.h"
#include "harness/core/random.h"

namespace heddle {

class EventDigest final : public EventSink {
 public:
  explicit EventDigest(bool with_values) : with_values_(with_values) {}

  void Clear() { digest_ = values_ = 0; }
  uint64_t digest() const { return digest_; }  // of what was done, by whom, to what
  uint64_t values() const { return values_; }  // of the values

  EventMask Wants() const override { return EventMask::All(); }
  void OnEvent(const Event& event) override {
    const Operation& op = *event.op;
    digest_ = MixSeed(digest_, static_cast<uint64_t>(op.kind) << 32 | Index(event.by.thread),
                      static_cast<uint64_t>(event.by.outcome) << 32 | Index(op.object));
    if (with_values_) values_ = MixSeed(values_, event.value);
  }

 private:
  const bool with_values_;
  uint64_t digest_ = 0;
  uint64_t values_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_EVENT_DIGEST_H_
