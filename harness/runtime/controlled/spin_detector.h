// Recognises a thread that reads the same stores at the same places again and again.
//
// A small set of the reads that the thread has made since it last changed anything. A read that is in
// the set for the kThreshold-th time means that the loop around it has not learnt anything: the
// thread is then set aside until another thread has made a step. A loop over more than kEntries
// reads is not recognised; the step limit and the livelock check remain.
// Cost: a few compares a read.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_SPIN_DETECTOR_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_SPIN_DETECTOR_H_

#include <cstdint>

#include "harness/core/event.h"
#include "harness/core/ids.h"

namespace heddle {

class SpinDetector {
 public:
  static constexpr int kEntries = 6;
  static constexpr uint8_t kThreshold = 3;

  // The thread changed something, or took a lock, or learnt something else.
  void Clear() { used_ = 0; }

  // Returns true when this read makes the thread a spinner.
  bool OnRead(uintptr_t pc, ObjectId object, EventSeq store) {
    for (int i = 0; i < used_; ++i) {
      Entry& entry = entries_[i];
      if (entry.pc != pc || entry.object != object) continue;
      if (entry.store != store) {
        entry = Entry{pc, store, object, 1};
        return false;
      }
      return ++entry.times >= kThreshold;
    }
    if (used_ < kEntries) entries_[used_++] = Entry{pc, store, object, 1};
    return false;
  }

 private:
  struct Entry {
    uintptr_t pc;
    EventSeq store;
    ObjectId object;
    uint8_t times;
  };
  int used_ = 0;
  Entry entries_[kEntries];
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_SPIN_DETECTOR_H_
