// Names of threads that are the same under every schedule: dense numbers, one for each place in the
// tree of spawns ("the second child of main"), in the order in which the places were added.
//
// Thread ids are given in order of creation, which the schedule decides as soon as two threads
// create others. Cost: O(1) for a thread whose name is asked again, or whose name is its id; else a
// search among the places, once in an execution.
#ifndef HEDDLE_HARNESS_STRATEGY_THREAD_NAMES_H_
#define HEDDLE_HARNESS_STRATEGY_THREAD_NAMES_H_

#include <cstdint>
#include <vector>

#include "harness/strategy/decider.h"
#include "harness/strategy/strategy.h"

namespace heddle {

class ThreadNames {
 public:
  static constexpr uint32_t kMain = 0;

  // Only the main thread has a name.
  void Clear() {
    places_.assign(1, ThreadPlace{});
    of_thread_.clear();
  }

  // For another execution of the same program: names stay as they are.
  void BeginExecution() { of_thread_.clear(); }
  // The same with the names that somebody else has given.
  void BeginExecution(const std::vector<ThreadPlace>& places) {
    places_ = places;
    of_thread_.clear();
  }

  // The name of the child of `parent`, a name, that is its `ordinal`-th, from 1.
  uint32_t Child(uint32_t parent, uint32_t ordinal, uint32_t likely = 0) {
    const ThreadPlace place{parent, ordinal};
    if (likely < places_.size() && places_[likely] == place) return likely;
    for (uint32_t name = kMain + 1; name < places_.size(); ++name) {
      if (places_[name] == place) return name;
    }
    places_.push_back(place);
    return static_cast<uint32_t>(places_.size()) - 1;
  }

  // Of a thread of the running execution.
  uint32_t Of(ThreadId thread, const SchedulingPoint& point) {
    while (of_thread_.size() <= Index(thread)) {
      const auto index = static_cast<uint32_t>(of_thread_.size());
      const ThreadId parent = point.Parent(ThreadId{index});
      of_thread_.push_back(parent == kNoThread ? kMain
                                               : Child(of_thread_[Index(parent)],
                                                       point.Ordinal(ThreadId{index}), index));
    }
    return of_thread_[Index(thread)];
  }

  // Of one whose name has been asked for in this execution.
  uint32_t OfMet(ThreadId thread) const { return of_thread_[Index(thread)]; }

  // By name. A parent comes before its children.
  const std::vector<ThreadPlace>& places() const { return places_; }

 private:
  std::vector<ThreadPlace> places_ = {ThreadPlace{}};
  std::vector<uint32_t> of_thread_;  // in this execution
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_THREAD_NAMES_H_
