// OrderFinder: which orders of two steps a failing schedule depends on, and which values that were
// chosen in it.
//
// The failing schedule is run, and every pair of conflicting steps of different threads noted.
// Then, for each pair, a schedule is run that is as near the failing one as the program allows but
// has this pair the other way round (strategy/guided.h): the first step is put off until the second
// has been made. If the finding does not show in that one, the order may matter; if it shows before
// the first step has been made at all, it does not. Orders that are
// implied by others that may, and by the order of each thread's own steps, are left out. What is
// left is reversed in another way, in which nobody but the second step's thread runs meanwhile: a
// step that is put off may come behind those of third threads, too, and it may be that which
// matters. The orders that matter are verified at last: a schedule that keeps these orders and is
// otherwise that of a plain scheduler shows the finding, or it is said that it does not. And it is
// said if the finding shows in a random schedule with one of them reversed: at another place of
// the program, or by whom a notification happens to wake.
//
// In the spirit of delta debugging of thread schedules (Choi and Zeller, "Isolating
// Failure-Inducing Thread Schedules", ISSTA 2002), on orders of steps in place of switches.
//
// A value that was chosen (a spurious wakeup, whom a notification wakes, one of heddle::Choose) is
// needed if the same schedule with each of the other values shows nothing.
//
// A step that its thread was waiting to make when the execution ended counts as coming last: in a
// deadlock those are what it is about. What threads would have done after that is in no order with
// anything. So where no order matters, steps are put off, the last first, until nobody else can
// run: one of them may have come too early.
#ifndef HEDDLE_HARNESS_EXPLORE_ORDER_FINDER_H_
#define HEDDLE_HARNESS_EXPLORE_ORDER_FINDER_H_

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "harness/core/event.h"
#include "harness/explore/silent_runner.h"
#include "harness/explore/sought_finding.h"
#include "harness/schedule/decision.h"
#include "harness/strategy/guided.h"

namespace heddle {

// A step that takes part in an order.
struct OrderedStep {
  ThreadStep step;
  EventSeq event = 0;  // in the failing execution; 0: its thread waited to make it
};

struct FoundOrder {
  OrderedStep first;
  OrderedStep then;
};

struct FoundOrders {
  // Unless it is kDone, nothing is known.
  enum class End : uint8_t {
    kDone,
    kBudget,   // it takes more executions
    kTooMany,  // more steps conflict than are looked at
    kHung,     // an execution reached no scheduling point in time
  };
  std::vector<FoundOrder> orders;  // in the order of the failing execution
  std::vector<OrderedStep> choices;  // steps at which a value was chosen that is needed
  // If there are none: the finding does not show if the other threads are let run before this step.
  OrderedStep early;            // kNoThread's: there is no such step
  ThreadId behind = kNoThread;  // the only other thread that had not ended; else kNoThread
  uint64_t tried = 0;           // pairs that could be reversed
  uint64_t executions = 0;      // that were made
  // Another schedule in which these orders hold shows the finding as well.
  bool sufficient = false;
  // So does one in which one of them is reversed, if it is not near the failing one.
  bool shows_elsewhere = false;
  End ended = End::kDone;
  // What was raised in other schedules and may be the finding. It was taken for it.
  DoubtfulSuspicions doubtful;
};

class OrderFinder {
 public:
  OrderFinder(SilentRunner* runner, SoughtFinding sought, uint64_t most_executions)
      : runner_(runner), sought_(std::move(sought)), most_executions_(most_executions) {}

  FoundOrders Find(std::span<const Decision> failing);

 private:
  // What one step did with an object.
  struct Access {
    ThreadStep step;
    EventSeq event = 0;
    ObjectId object = kNoObject;
    bool reads = false;  // and no more
  };
  // A value other than the first, chosen for a thread as the n-th of its values, from 0.
  struct Chosen {
    OrderedStep at;  // event 0: the thread has done nothing since
    size_t n = 0;
    uint32_t value = 0;
    uint32_t bound = 0;
  };
  class Collector;

  // How the finding does with the order reversed.
  enum class Reversed { kImpossible, kShows, kDoesNotShow };
  Reversed Reverse(const FoundOrder& order, Guide guide,
                   const std::map<ThreadStep, StepIdentity>& steps);
  // Sets `early` and `behind`.
  void FindEarly(const std::vector<Access>& accesses, const std::vector<ThreadId>& unfinished,
                 Guide guide, const std::map<ThreadStep, StepIdentity>& steps, FoundOrders* found);
  bool IsNeeded(const Chosen& chosen, Guide guide);
  // The last execution shows the finding, or what may be it.
  bool MayShow();
  bool ShowsElsewhere(const std::vector<FoundOrder>& orders,
                      const std::map<ThreadStep, StepIdentity>& steps);
  // Has more executions to make.
  bool MayGoOn() const {
    return runner_->executions() - begin_ < most_executions_ && !runner_->hung();
  }

  std::vector<FoundOrder> Candidates(const std::vector<Access>& accesses, bool only_nearest) const;
  std::vector<FoundOrder> WithoutImplied(std::vector<FoundOrder> orders) const;

  SilentRunner* const runner_;
  const SoughtFinding sought_;
  const uint64_t most_executions_;
  uint64_t begin_ = 0;  // the runner's executions
  GuidedDecider guided_;
  DoubtfulSuspicions doubtful_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_ORDER_FINDER_H_
