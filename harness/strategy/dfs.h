// Depth-first search with sleep sets: every schedule, up to the order of independent steps.
//
// Sleep sets: Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems" (LNCS
// 1032, 1996), chapter 5. When the executions that begin with thread t at some point have been
// explored, t sleeps in the point's other branches until a step is made on which t's step depends.
// A point where every enabled thread sleeps leads only to what has been seen: the execution goes on
// to its end without being branched again, and is counted as redundant. Sleep sets leave out
// executions, not states: every reachable state is still visited, so that invariants are sound.
//
// Steps depend on each other by their operations (model/dependence.h), and, because a step is more
// than its operation:
// - steps that use the shared part of program memory, or free one block, depend on each other
//   (core/heap_use.h; what a sleeping thread's step does is remembered from when it was explored);
// - a step that takes or tries a lock with the possibility of failing depends on every other step,
//   since an unlock is an event inside one;
// - a step after which the engine sets its thread aside for a step of others (yield) depends on
//   every other, because it changes which threads may run next; so does one that ends in a loop
//   that reads several atomics. One that ends in a loop that reads a single atomic is like any read
//   of it.
// Left out on purpose: schedules in which a thread that yields goes on before another has made a
// step, or one that spins before something that its loop reads has changed; the engine does not
// offer them.
//
// Order: the thread that runs goes on first (the fewest preemptions first), else the one that has
// waited longest; value choices in ascending order.
// The strategy keeps the current path only: memory is proportional to the length of an execution. A
// plan is its prefix, so a decider shares nothing with the strategy.
// Cost: some 10 ns per step and enabled thread; no allocation in the steady state.
#ifndef HEDDLE_HARNESS_STRATEGY_DFS_H_
#define HEDDLE_HARNESS_STRATEGY_DFS_H_

#include <vector>

#include "harness/strategy/search_counts.h"
#include "harness/strategy/strategy.h"

namespace heddle {

struct DfsOptions {
  bool sleep_sets =
      true;  // false: every schedule; the reference that sleep sets are tested against
};

class DfsDecider final : public Decider {
 public:
  void Begin(const Plan& plan) override;
  ThreadId Pick(const SchedulingPoint& point) override;
  uint32_t PickValue(const ValueChoice& choice) override;
  bool WantsEveryStep() const override { return true; }
  void End(ExecutionRecord* record) override;

 private:
  static constexpr uint32_t kNoBranch = 0xffffffff;

  bool InPrefix() const { return position_ < prefix_.size(); }
  bool IsAsleep(ThreadId thread) const { return asleep_[Index(thread)] != 0; }
  static bool GaveWay(const SchedulingPoint& point);
  void LearnEffects(const SchedulingPoint& point);
  ThreadId PickFromPrefix(const SchedulingPoint& point);
  ThreadId PickAndBranch(const SchedulingPoint& point);
  ThreadId Preferred(const SchedulingPoint& point, bool awake_only) const;
  void RecordPick(const SchedulingPoint& point, ThreadId chosen);
  void RecordSleepers(BranchPoint* branch);
  void WakeDependentOn(const SchedulingPoint& point, ThreadId chosen);
  void EnterPlannedSleep();
  void Wake(size_t i);

  std::vector<Decision> prefix_;
  std::vector<SleepingThread> planned_sleep_;
  size_t position_ = 0;                // in prefix_
  std::vector<SleepingThread> sleep_;  // empty until the end of the prefix
  std::vector<uint8_t> asleep_;        // by thread: whether it is in sleep_
  std::vector<uint64_t> last_run_;     // by thread: 1 + the step that it made last
  uint64_t steps_ = 0;                 // made so far, the one in progress included
  bool ends_prefix_ = false;  // the step in progress carries out the prefix's last decision
  uint32_t branch_in_progress_ = kNoBranch;  // whose step is in progress
  bool redundant_ = false;
  bool diverged_ = false;
  uint8_t prefix_effects_ = kUnknownEffects;
  HeapMask prefix_heap_ = 0;
  // What End hands over.
  std::vector<BranchPoint> branches_;
  std::vector<Decision> alternatives_;
  std::vector<SleepingThread> sleepers_;
};

class Dfs final : public Strategy, public TreeSearch {
 public:
  explicit Dfs(DfsOptions options = {}) : options_(options) {}

  bool Next(Plan* plan) override;
  std::unique_ptr<Decider> MakeDecider() const override;
  void Learn(const Plan& plan, const ExecutionRecord& record) override;
  StrategyProgress Progress() const override;
  std::unique_ptr<Strategy> Clone() const override { return std::make_unique<Dfs>(*this); }

  // dfs_parts.cc
  TreeSearch* AsTreeSearch() override { return this; }
  std::vector<std::string> Split(size_t most) override;
  bool Adopt(std::string_view part) override;
  std::string Counts() const override;
  bool Add(std::string_view counts, bool finished) override;

  uint64_t executions() const { return counts_.executions; }
  bool finished() const { return finished_; }  // nothing is left to explore
  // Executions that sleep sets found, too late, to be equivalent to earlier ones.
  uint64_t redundant() const { return counts_.redundant; }

 private:
  // An alternative thread at a pick. Those before the node's current one have been explored.
  struct Option {
    Decision pick;
    uint8_t effects = kUnknownEffects;
    HeapMask heap = 0;
  };
  // A decision on the current path. Its options and sleepers are ranges of the arrays below, which
  // are stacks like the path: a node's ranges begin where those of the node before it end.
  struct Node {
    uint32_t current = 0;  // option, or value
    uint32_t options = 1;
    uint32_t first_option = 0;  // picks only
    uint32_t first_sleeper = 0;
    uint32_t sleepers = 0;
  };

  void Pop();
  // Where the current path lies in the whole tree: the share of it that comes before the path, and
  // the share that is the path.
  struct Position {
    double before = 0;
    double here = 0;
  };
  Position Where() const;
  // The same for the alternatives of one node.
  Position At(size_t node) const;
  double ShareDone() const;
  std::string PartOf(size_t first, size_t end) const;

  const DfsOptions options_;
  // The nodes of the path before this one belong to other instances: their decisions stand.
  size_t floor_ = 0;
  double floor_weight_ = 1;      // of the whole tree, the share below them
  double before_part_ = 0;       // Where().before at the beginning
  std::vector<Node> path_;
  std::vector<Decision> decisions_;  // parallel to path_: what is chosen there now
  std::vector<Option> option_stack_;
  std::vector<SleepingThread> sleeper_stack_;
  bool started_ = false;
  bool finished_ = false;
  bool handed_on_ = false;  // by Split
  // `share`: what others have done, as Add was told; all that was done, once handed_on_.
  SearchCounts counts_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_DFS_H_
