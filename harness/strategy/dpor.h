// Dynamic partial-order reduction: one execution for each class of executions that differ only in
// the order of independent steps, chosen by the races seen in the executions made so far.
//
// Abdulla, Aronis, Jonsson, Sagonas, "Source Sets: A Foundation for Optimal Dynamic Partial Order
// Reduction" (J. ACM 64(4), 2017). After an execution, each race is reversed: at the point before
// its first step it is noted that the second should come first.
// - source-dpor notes a thread to run next, unless one that will do is noted already (algorithm 1).
//   Sleep sets cut executions that turn out to be known, after they have begun.
// - dpor notes the whole sequence of steps that leads to the second step, in a wakeup tree
//   (algorithm 2). None of its executions is redundant.
//
// What is proved. Both see every final state and finding that depth-first search sees. For programs
// whose operations cannot disable each other beyond mutexes (atomics, mutexes, spawn, join, Choose)
// dpor makes exactly one execution of each class. Other operations that block (condition variables,
// semaphores, tries, barriers ...) may cost executions that are found to be known, or that cannot
// be made as planned: both are counted as redundant. No class is completed twice, because what has
// been explored sleeps.
//
// Departures and additions:
// - A step is an operation and the events after it up to the thread's next one; it has the accesses
//   of all of them, and one to the heap if it used program memory.
// - Values chosen within a step (Choose, which waiter wakes, how an operation completes) make the
//   steps different; the last one is advanced first, as in depth-first search.
// - An execution that gets stuck: what its threads wait for takes part in races as if it came next.
// - A step that fails ends the execution: every other thread that could have run is tried before
// it.
// - A step after which its thread is set aside for a step of others (yield) or virtual time moves
//   depends on every other, as in depth-first search; so do the thread's next step, which waits for
//   any other, and every step where an invariant looks at each state.
// - A step that ends in a loop that waits reads all that the loop reads. The thread's next step does,
//   too, since it waits for a change of it: whoever makes that comes before it.
// - Clocks and races are computed for the steps behind the branch only. A race before it has been
//   looked at; it is again where the answer rested on a step that does not depend on what followed,
//   and does on what follows now.
//
// Memory: the path and the trees that hang on it, which for some programs is exponential in its
// length (ibid., section 9). Cost: O(path) per execution, O(path * branches) per race.
#ifndef HEDDLE_HARNESS_STRATEGY_DPOR_H_
#define HEDDLE_HARNESS_STRATEGY_DPOR_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/strategy/dpor_path.h"
#include "harness/strategy/strategy.h"
#include "harness/strategy/wakeup_tree.h"

namespace heddle {

class Dpor final : public Strategy, public TreeSearch {
 public:
  enum class Mode : uint8_t { kSource, kOptimal };

  explicit Dpor(Mode mode) : mode_(mode) {}

  bool Next(Plan* plan) override;
  std::unique_ptr<Decider> MakeDecider() const override;
  void Learn(const Plan& plan, const ExecutionRecord& record) override;
  StrategyProgress Progress() const override;

  // dpor_parts.cc: one part only, since the races of any execution may add branches to every point
  // of the path that leads to it.
  TreeSearch* AsTreeSearch() override { return this; }
  std::vector<std::string> Split(size_t most) override;
  bool Adopt(std::string_view part) override;
  bool CanHandOn() const override { return tree_.size() <= kMostToHandOn; }
  std::string Counts() const override;
  bool Add(std::string_view counts, bool finished) override;

  uint64_t executions() const { return executions_; }
  // Executions that were found, too late, to be equivalent to others.
  uint64_t redundant() const { return redundant_; }

 private:
  // Nodes of wakeup trees. Copies of what is handed on lie in several processes for a moment.
  static constexpr size_t kMostToHandOn = size_t{1} << 19;

  // The point before a step of the path.
  struct Node {
    WakeupTree::NodeId branches = WakeupTree::kNone;  // to be explored after the current one
    uint32_t given = 0;       // values of the current step that are not to be varied
    uint32_t explored = 0;    // branches
    uint32_t first_done = 0;  // in done_: those explored here
  };
  struct Race {
    uint32_t first;
    uint32_t second;
    // Kept for as long as the path contains it: what rests on these is to be looked at again where
    // what follows depends on them.
    std::vector<Bystander> bystanders = {};
  };
  // A branch that has been explored, at the node of depth `depth`: it sleeps in the node's other
  // branches until `woken`, a position, inclusive.
  struct Done {
    uint32_t depth = 0;
    uint32_t woken = StepTrace::kAsleep;
    uint32_t thread = 0;
    uint8_t effects = 0;
    Range accesses;
    Range values;

    bool IsAsleepAt(uint32_t node) const {
      return depth <= node && (woken == StepTrace::kAsleep || node <= woken);
    }
  };

  SequenceStep StepOf(const Done& done) const {
    return {done.thread, (done.effects & kOrderMatters) != 0, Slice(done_accesses_, done.accesses),
            Slice(done_values_, done.values), false};
  }
  void AddDone(const SequenceStep& step, uint8_t effects, uint32_t values);
  void DropDoneFrom(uint32_t first);
  // The current step of the last node again, with other values.
  bool AdvanceValues(Plan* plan);
  void FinishBranch();
  void SkipExplored();
  void PlanFrom(WakeupTree::NodeId branch, Plan* plan);
  void PlanPath(Plan* plan);
  void ReturnTo(uint32_t depth);
  void FollowTree(size_t i, uint32_t depth, const TracedStep* step);
  void DropPlanned(size_t made);
  void AddStep(uint32_t position, const TracedStep& step, const StepTrace& trace);
  // Notes that the step is to come before step `first` of the path, which is `maximal` if nothing
  // could follow it. The step, and what comes after it, happens after `first`.
  // What the answer rests on is in sequence_.bystanders().
  void Reverse(uint32_t first, uint32_t second, const SequenceStep& step, bool maximal);
  void ReverseAll(uint32_t depth, bool maximal);
  bool IsSettled(const Race& race, uint32_t depth) const;
  bool CanComeFirst(uint32_t first, const SequenceStep& step) const;
  bool IsKnown(uint32_t node, const Sequence& sequence) const;
  bool IsObviouslyKnown(uint32_t first, uint32_t second) const;
  void Note(uint32_t node);
  void NoteInitial(uint32_t node);
  void TryOthersBeforeTheLast();
  // Of the whole tree, as far as its branches are known: what comes before the path, and the path.
  // Siblings are taken to be alike.
  struct Share {
    double before = 0;
    double here = 1;
  };
  Share Explored() const;
  double ShareDone() const;
  std::string ToBytes() const;
  bool Restore(std::string_view bytes);
  void SaveBranches(ByteWriter* writer) const;
  bool RestoreBranches(ByteReader* reader);

  const Mode mode_;
  std::vector<ThreadPlace> places_ = {ThreadPlace{}};  // of the threads, by name
  DporPath path_;
  std::vector<Node> nodes_;  // as long as the path, or one longer: the point of the next branch
  WakeupTree tree_;
  std::vector<Done> done_;  // of all nodes, the deepest last
  std::vector<Access> done_accesses_;
  std::vector<Decision> done_values_;
  std::vector<uint32_t> sleepers_;           // of the plan that is out: indices of done_
  std::vector<WakeupTree::NodeId> planned_;  // the branches that it follows
  bool advances_values_ = false;             // it does
  bool void_plan_ = false;  // what was planned could not be done, or not to its end
  bool started_ = false;
  bool finished_ = false;
  bool handed_on_ = false;      // by Split
  double share_adopted_ = 0;    // explored at the beginning
  double share_of_others_ = 0;  // done, as Add was told; all that was done, once handed_on_
  uint64_t executions_ = 0;
  uint64_t redundant_ = 0;
  uint64_t cut_ = 0;  // executions whose ends have not been seen: the search is not complete
  Sequence sequence_;
  std::vector<Race> races_;       // of the new steps, and those kept
  std::vector<uint32_t> racing_;  // with the step that is being added
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_DPOR_H_
