// SURW: Zhao et al., "Selectively uniform concurrency testing" (ASPLOS 2025, doi
// 10.1145/3669940.3707214).
//
// Where threads make many steps of which few matter, a random walk hardly ever orders the few in an
// unlikely way. So a profiling run counts each thread's operations on each object, and each further
// execution takes a few objects that several threads use as the *interesting* ones. An intended
// thread is drawn in proportion to the interesting operations that threads have before them, those
// of threads that they have yet to start included; whoever else comes to an interesting operation
// waits until the intended thread has made its own; then its count falls by one and the next is
// drawn. If the counts hold, every order of the interesting operations is as likely as any other.
// A new thread takes its share of its parent's count, and of its parent's turn with the probability
// of that share.
//
// Departures: which objects are interesting is drawn for each execution, one as often as all larger
// numbers together, each in proportion to the logarithm of how many pairs of operations on it
// conflict: the orders of few operations are seen soon. Starts and joins are not counted, as they
// come in one order only. Where everybody who can run waits for an intended thread that cannot, the
// turn is drawn again among those who can. One profiling run may miss what only some schedules do,
// so that the first executions are counted, too, and every kReprofile-th profiles again. Threads
// and objects are known again by names that do not depend on the schedule (thread_names.h) and by
// address.
// Plan: data is empty for a profiling run; else the number of objects, 1 to count or 0, the
// objects' addresses, and for each thread, by name, its place and its count: so that a decider is a
// function of its plan alone.
// Cost: O(threads that can run) a step.
#ifndef HEDDLE_HARNESS_STRATEGY_SURW_H_
#define HEDDLE_HARNESS_STRATEGY_SURW_H_

#include <cstdint>
#include <span>
#include <vector>

#include "harness/core/random.h"
#include "harness/strategy/strategy.h"
#include "harness/strategy/thread_names.h"

namespace heddle {

class SurwDecider final : public Decider {
 public:
  void Begin(const Plan& plan) override;
  ThreadId Pick(const SchedulingPoint& point) override;
  uint32_t PickValue(const ValueChoice& choice) override { return random_.Below(choice.bound); }
  bool WantsEveryStep() const override { return true; }
  void End(ExecutionRecord* record) override;

 private:
  void Count(ThreadId thread, const SchedulingPoint& point);
  void Meet(const SchedulingPoint& point);
  bool IsInteresting(ThreadId thread, const SchedulingPoint& point) const;
  ThreadId PickSelectively(const SchedulingPoint& point);
  ThreadId Draw(std::span<const ThreadId> threads, uint64_t least);

  Random random_;
  ThreadNames names_;
  bool steering_ = false;  // else it is a profiling run
  bool counting_ = false;
  std::vector<ObjectUse> uses_;
  std::vector<uintptr_t> objects_;  // the interesting ones
  std::vector<uint64_t> planned_;   // by name: interesting operations, descendants' included
  std::vector<uint64_t> left_;      // by thread: the same, of those that it has before it
  std::vector<ThreadId> threads_;   // those of this execution
  std::vector<ThreadId> candidates_;
  ThreadId intended_ = kNoThread;
};

class Surw final : public Strategy {
 public:
  static constexpr uint64_t kReprofile = 128;
  static constexpr uint64_t kAlsoCounted = 32;  // the first ones

  bool Next(Plan* plan) override;
  std::unique_ptr<Decider> MakeDecider() const override { return std::make_unique<SurwDecider>(); }
  void Learn(const Plan& plan, const ExecutionRecord& record) override;
  StrategyProgress Progress() const override;
  // Two profiles.
  std::optional<uint64_t> CommonExecutions() const override { return 2 * kReprofile; }
  std::unique_ptr<Strategy> Clone() const override { return std::make_unique<Surw>(*this); }

 private:
  // An object on which operations of different threads conflict.
  struct Shared {
    uintptr_t object;
    uint32_t weight;              // with which it is drawn
    std::vector<uint64_t> steps;  // by thread's name
  };

  void FindShared();

  ThreadNames names_;            // of all executions
  std::vector<ObjectUse> uses_;  // the most seen of each
  std::vector<Shared> shared_;
  uint64_t executions_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_SURW_H_
