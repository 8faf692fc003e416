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
// An instance explores a part of the search (strategy/dpor_part.h). Of source-dpor, what is left
// can be divided (strategy/dpor_forest.h); of dpor, where it is different inputs, which the program
// chooses before it creates threads. Else it is handed on as a whole. Cost and memory: a part's.
#ifndef HEDDLE_HARNESS_STRATEGY_DPOR_H_
#define HEDDLE_HARNESS_STRATEGY_DPOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/strategy/dpor_part.h"
#include "harness/strategy/search_counts.h"
#include "harness/strategy/strategy.h"

namespace heddle {

class Dpor final : public Strategy, public TreeSearch {
 public:
  using Mode = DporMode;
  explicit Dpor(Mode mode) : mode_(mode), part_(mode) {}

  bool Next(Plan* plan) override;
  std::unique_ptr<Decider> MakeDecider() const override;
  void Learn(const Plan& plan, const ExecutionRecord& record) override;
  StrategyProgress Progress() const override;

  TreeSearch* AsTreeSearch() override { return this; }
  // One part of source-dpor, for MakeRounds, whatever `most` says; of dpor as TakeChoices says.
  std::vector<std::string> Split(size_t most) override;
  bool IsDivisible() const override { return part_.IsDivisible(); }
  bool CanHandOn() const override { return part_.size() <= kMostToHandOn; }
  bool Adopt(std::string_view part) override;
  std::unique_ptr<SearchRounds> MakeRounds() const override;
  std::string Counts() const override;
  bool Add(std::string_view counts, bool finished) override;

  uint64_t executions() const { return counts_.executions; }
  // Executions that were found, too late, to be equivalent to others.
  uint64_t redundant() const { return counts_.redundant; }

 private:
  // Nodes of wakeup trees. Copies of what is handed on lie in several processes for a moment.
  static constexpr size_t kMostToHandOn = size_t{1} << 19;

  double ShareDone() const { return counts_.share + share_adopted_ - part_.ShareLeft(); }

  const Mode mode_;
  DporPart part_;
  double share_adopted_ = 1;  // left at the beginning
  SearchCounts counts_;       // `share`: of others
  bool finished_ = false;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_DPOR_H_
