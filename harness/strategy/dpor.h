// Dynamic partial-order reduction: one execution for each class of executions that differ only in
// the order of independent steps, chosen by the races seen in the executions made so far.
//
// - dpor is optimal (strategy/parsimonious_search.h) for programs of atomics, plain memory,
//   mutexes, spawn, join and Choose. None of its executions is redundant, and what is left needs no
//   more memory than some paths. Where it meets anything else it begins again as source-dpor; what
//   it has made till then counts as redundant. Mostly the first execution tells.
// - source-dpor reverses each race after an execution by noting, at the point before its first
//   step, a thread to run next, unless one that will do is noted already (algorithm 1 of Abdulla,
//   Aronis, Jonsson, Sagonas, "Source Sets: A Foundation for Optimal Dynamic Partial Order
//   Reduction", J. ACM 64(4), 2017). Sleep sets cut executions that turn out to be known, after
//   they have begun.
// The optimal algorithm of that article, with wakeup trees, was here: where what a step does
// depends on what came before (comparisons, values chosen), it missed classes, and made some twice.
//
// What is proved. Both see every final state and finding that depth-first search sees. For programs
// whose operations cannot disable each other beyond mutexes dpor makes exactly one execution of
// each class. Other operations that block (condition variables, semaphores, tries, barriers ...)
// cost executions that are found to be known, which are counted as redundant. No class is completed
// twice, because what has been explored sleeps; but where a step is taken to depend on every other
// (StepEffects), which the class does not tell.
//
// An instance explores a part of the search. What is left is divided in rounds: of source-dpor by
// strategy/dpor_forest.h, of dpor by strategy/dpor_rounds.h. Cost and memory: a part's.
#ifndef HEDDLE_HARNESS_STRATEGY_DPOR_H_
#define HEDDLE_HARNESS_STRATEGY_DPOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/strategy/dpor_part.h"
#include "harness/strategy/parsimonious_search.h"
#include "harness/strategy/search_counts.h"
#include "harness/strategy/strategy.h"

namespace heddle {

class Dpor final : public Strategy, public TreeSearch {
 public:
  enum class Mode : uint8_t { kSource, kOptimal };
  explicit Dpor(Mode mode) : mode_(mode), by_source_sets_(mode == Mode::kSource) {}

  bool Next(Plan* plan) override;
  std::unique_ptr<Decider> MakeDecider() const override;
  void Learn(const Plan& plan, const ExecutionRecord& record) override;
  StrategyProgress Progress() const override;

  TreeSearch* AsTreeSearch() override { return this; }
  // One part, for MakeRounds, whatever `most` says.
  std::vector<std::string> Split(size_t most) override;
  bool CanHandOn() const override { return part_.size() <= kMostToHandOn; }
  bool Adopt(std::string_view part) override;
  std::unique_ptr<SearchRounds> MakeRounds() const override;
  std::string Counts() const override;
  bool Add(std::string_view counts, bool finished) override;

  uint64_t executions() const { return counts_.executions; }
  // Executions that were found, too late, to be equivalent to others.
  uint64_t redundant() const { return counts_.redundant; }

 private:
  // Branches. Copies of what is handed on lie in several processes for a moment.
  static constexpr size_t kMostToHandOn = size_t{1} << 19;

  double ShareDone() const { return counts_.share + share_adopted_ - ShareLeft(); }

  bool LearnOptimally(const Plan& plan, const ExecutionRecord& record);
  double ShareLeft() const;

  const Mode mode_;
  // The search stands on part_; else on search_, as long as that will do.
  bool by_source_sets_;
  bool is_adopted_ = false;
  bool is_beyond_ = false;  // that will not do, for others either
  ParsimoniousSearch search_;
  DporPart part_;
  double share_adopted_ = 1;  // left at the beginning
  SearchCounts counts_;       // `share`: of others
  bool finished_ = false;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_DPOR_H_
