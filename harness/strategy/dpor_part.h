// A part of the search of dynamic partial-order reduction (strategy/dpor.h): what is left to
// explore at some points of one path, with all that is below them, and what the executions so far
// have told.
//
// The whole search is the part whose first point is the root. Of a part that begins deeper, the
// points above belong to others. What is known of them is what was known when it was made: what
// sleeps there sleeps here, too; a branch that is to be added there is an escape, which whoever
// owns the point is to be told (strategy/dpor_forest.h).
//
// Departures from the paper, and additions:
// - A step is an operation and the events after it up to the thread's next one; it has the accesses
//   of all of them, and one to the heap if it used program memory.
// - Values chosen within a step (Choose, which waiter wakes, how an operation completes) make the
//   steps different; the last one is advanced first, as in depth-first search.
// - An execution that gets stuck: what its threads wait for takes part in races as if it came next.
// - A step that fails ends the execution: what others waited for takes part in races as if it came
//   before that step, and every other thread that could have run is tried before it.
// - A step after which its thread is set aside for a step of others (yield) or virtual time moves
//   depends on every other, as in depth-first search; so do the thread's next step, which waits for
//   any other, and every step where an invariant looks at each state.
// - A step that ends in a loop that waits reads all that the loop reads. The thread's next step
//   does, too, since it waits for a change of it: whoever makes that comes before it.
// - Clocks and races are computed for the steps behind the branch only.
//
// Threading: one. Memory: the path and the branches that are left at its points. Cost: O(path) per
// execution, O(path * branches) per race.
#ifndef HEDDLE_HARNESS_STRATEGY_DPOR_PART_H_
#define HEDDLE_HARNESS_STRATEGY_DPOR_PART_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/strategy/branch_lists.h"
#include "harness/strategy/dpor_path.h"
#include "harness/strategy/sequence.h"
#include "harness/strategy/strategy.h"

namespace heddle {

class DporPart {
 public:
  // The next execution; false: nothing is left.
  bool Next(Plan* plan);
  struct Learnt {
    bool redundant = false;  // it was found, too late, to be equivalent to another
    bool is_known = true;    // what it did
  };
  Learnt Learn(const ExecutionRecord& record);
  bool started() const { return started_; }

  // Goes to the next branch that is left. False: there is none.
  bool Settle();
  // Of the whole tree, as far as its branches are known: what is left here. Siblings are taken to
  // be alike.
  double ShareLeft() const;
  // Of a branch of the last point.
  double ShareOfBranch() const;
  void set_share(double share) { share_ = share; }
  size_t size() const { return branches_.size(); }  // branches

  // dpor_bytes.cc: all of it, when it has started. Restore into a new one: threads are called as in
  // `*places`, to which those that it does not have are added; `*names` tells what each thread of
  // the bytes is called there. False: the bytes are no part of such a search.
  std::string ToBytes() const;
  bool Restore(std::string_view bytes, std::vector<ThreadPlace>* places,
               std::vector<uint32_t>* names);

  // For the forest. Points are told by their depths: from first_point() to end() - 1.
  uint32_t first_point() const { return floor_; }
  uint32_t end() const { return static_cast<uint32_t>(nodes_.size()); }
  bool IsLeftAt(uint32_t depth) const;
  // Others have parts below its points, so that it keeps what it knows of the first one, its only
  // one.
  void set_keeps_first(bool keeps) { keeps_first_ = keeps; }
  // Even if nothing is left.
  bool MattersToOthers() const { return keeps_first_ || !escapes_.empty(); }
  // Takes the points from `depth` on away, and returns the part that they make.
  DporPart CutOff(uint32_t depth);
  // The threads by name, those that it knows among them.
  void set_places(const std::vector<ThreadPlace>& places) { places_ = places; }
  // Branches to be added at points above the first, as bytes, since it was made or restored.
  std::vector<std::string> TakeEscapes() { return std::exchange(escapes_, {}); }
  // The depth of an escape's point.
  static uint32_t PointOf(std::string_view escape);
  // Adds the branch at its point, which is one of these, unless it is known. `names`: what the
  // escape's threads are called here. False: it is no escape.
  bool AddEscape(std::string_view escape, std::span<const uint32_t> names);

 private:
  // The point before a step of the path.
  struct Node {
    BranchLists::Id branches = BranchLists::kNone;  // to be explored after the current one
    uint32_t explored = 0;                          // branches
    uint32_t first_done = 0;                        // in done_: those explored here
  };
  struct Race {
    uint32_t first;
    uint32_t second;
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
  // How many of the current step's values to keep, the last of them advanced, for it to be made
  // again with other values; 0: there are none left.
  size_t ValuesToAdvance(uint32_t depth) const;
  uint32_t NextValue(uint32_t depth, size_t count) const;
  void AdvanceValues(Plan* plan);
  void FinishBranch();
  bool DoTheSame(std::span<const Done> steps) const;
  void SkipExplored();
  void PlanBranch(Plan* plan);
  void PlanPath(Plan* plan);
  void ReturnTo(uint32_t depth);
  void AddStep(uint32_t position, const TracedStep& step, const StepTrace& trace);
  // Notes that the step, which happens after step `first` of the path, is to come before it.
  void Reverse(uint32_t first, uint32_t second, const SequenceStep& step);
  bool CanComeFirst(uint32_t first, const SequenceStep& step) const;
  bool IsKnown(uint32_t node) const;
  bool IsObviouslyKnown(uint32_t first, uint32_t second) const;
  void Note(uint32_t node);
  void TryOthersBeforeTheLast();
  uint32_t BranchesOf(uint32_t depth) const;
  uint32_t SinglePoints() const;
  void SaveBranches(ByteWriter* writer) const;
  bool RestoreBranches(class DporReader* reader);

  uint32_t floor_ = 0;
  bool keeps_first_ = false;
  double share_ = 1;                                   // of the whole tree: below the first point
  std::vector<ThreadPlace> places_ = {ThreadPlace{}};  // of the threads, by name
  DporPath path_;
  std::vector<Node> nodes_;  // as long as the path, or one longer: the point of the next branch
  BranchLists branches_;
  std::vector<Done> done_;  // of all nodes, the deepest last
  std::vector<Access> done_accesses_;
  std::vector<Decision> done_values_;
  std::vector<uint32_t> sleepers_;  // of the plan that is out: indices of done_
  bool branches_planned_ = false;   // it follows the first branch of the last point
  bool started_ = false;
  Sequence sequence_;
  std::vector<Race> races_;       // of the new steps
  std::vector<uint32_t> racing_;  // with the step that is being added
  std::vector<std::string> escapes_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_DPOR_PART_H_
