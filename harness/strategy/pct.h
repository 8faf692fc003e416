// PCT: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized scheduler with probabilistic
// guarantees of finding bugs" (ASPLOS 2010).
//
// Threads get distinct random priorities, and the highest that can run runs. At each of d - 1
// steps, drawn in advance from [1, k], the thread that has just made that step drops below all
// initial priorities: to i at the i-th. In a program of n threads and at most k steps, an execution
// shows a given bug of depth d (one that needs d orderings between steps) with probability at least
// 1 / (n * k^(d-1)).
//
// Departures: k is the longest execution seen so far that completed (as long as none has: that
// ended with a finding), so the first execution changes no priority. A thread that yields or spins
// drops below everything there is, which keeps a program fair that waits for another thread in a
// loop; once one has, so does the thread at a change point, since i would no longer be low. Values
// are uniform. Plan: parameter_a is d, parameter_b is k, so that a decider is a function of its
// plan alone. Cost: O(threads that can run) a step.
//
// What the executions made amount to is said only where the paper's model holds: none was cut, no
// thread was set aside, and k was large enough. An execution that was planned for fewer steps than
// some execution had counts for nothing, but under depth 1, where k plays no part.
#ifndef HEDDLE_HARNESS_STRATEGY_PCT_H_
#define HEDDLE_HARNESS_STRATEGY_PCT_H_

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/random.h"
#include "harness/strategy/strategy.h"

namespace heddle {

class PctDecider final : public Decider {
 public:
  void Begin(const Plan& plan) override;
  ThreadId Pick(const SchedulingPoint& point) override;
  uint32_t PickValue(const ValueChoice& choice) override { return random_.Below(choice.bound); }
  // A change point may be at a step after which only one thread can run.
  bool WantsEveryStep() const override { return next_change_ < changes_.size(); }
  void End(ExecutionRecord* record) override { record->yielded = lowest_ < 0; }

 private:
  struct Change {
    uint64_t step;     // made before the change
    int64_t priority;  // of its thread afterwards
  };

  // Initial priorities are above this, those of change points and of fairness below.
  static constexpr int64_t kInitial = int64_t{1} << 32;

  int64_t InitialPriority(uint32_t thread) const {
    return kInitial + static_cast<int64_t>(MixSeed(seed_, thread) >> 2);
  }

  uint64_t seed_ = 0;
  Random random_;
  std::vector<Change> changes_;  // in order of step
  size_t next_change_ = 0;
  std::vector<int64_t> priority_;  // by thread
  int64_t lowest_ = 0;             // lower than every priority given so far
};

class Pct final : public Strategy {
 public:
  explicit Pct(uint64_t depth) : depth_(depth) {}

  bool Next(Plan* plan) override;
  std::unique_ptr<Decider> MakeDecider() const override { return std::make_unique<PctDecider>(); }
  void Learn(const Plan& plan, const ExecutionRecord& record) override;
  StrategyProgress Progress() const override;
  // How long executions are.
  std::optional<uint64_t> CommonExecutions() const override { return 256; }
  std::unique_ptr<Strategy> Clone() const override;
  std::string Counts() const override;
  bool Add(std::string_view counts, bool finished) override;

  // With at least this probability a given bug of this depth has been shown; empty: no telling.
  std::optional<double> Bound() const;

 private:
  // Of the executions made by this instance, and of those added.
  struct Made {
    std::map<uint64_t, uint64_t> by_length;  // that they were planned for
    uint64_t threads = 0;                    // the most in one
    uint64_t steps = 0;
    uint64_t cut = 0;      // whose ends have not been seen
    uint64_t yielded = 0;  // in which threads were set aside
  };

  const uint64_t depth_;
  Made made_;
  // The longest execution so far, in steps.
  uint64_t completed_ = 0;
  uint64_t failed_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_PCT_H_
