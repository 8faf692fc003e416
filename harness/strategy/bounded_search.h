// Bounded search: every schedule, those that depart least from a plain scheduler first.
//
// The plain scheduler lets the running thread go on for as long as it can, then the next one in the
// order of threads. Choosing otherwise has a price, which is what the strategies that use this
// differ in (preemption_bounding.cc, delay_bounding.cc); values are free. All schedules of price 0
// are explored, then all of price 1, and so on, each once and depth-first among those of one price:
// an alternative that costs something is put off, with the schedule that leads to it, until its
// price has come, as in the work lists of CHESS (Musuvathi and Qadeer, "Iterative Context Bounding
// for Systematic Testing of Multithreaded Programs", PLDI 2007). When the search has finished price
// N, no schedule of price N or less shows anything that it has not seen.
//
// No sleep sets: a branch that sleeps because an equivalent one has been explored may have been the
// cheaper of the two (Coons, Musuvathi, McKinley, "Bounded Partial-Order Reduction", OOPSLA 2013),
// so that a bound would be called finished that is not.
//
// Of threads that are symmetric (primitives/symmetric_threads.h) and have not begun, only the first
// is tried where the price does not depend on who is who. That is all: let a schedule begin them in
// another order, and name them by the order in which they begin; it is a schedule of the same
// program and of the same price, but for the joins, which may have to come later. Who joins them
// does nothing else before it has joined all, so that its joins have no effect of their own, and
// what it costs to choose it for the last of them it had cost before.
//
// Memory: what is put off, four bytes and more for each alternative and two for each decision of an
// execution that has any (root_list.h); at most 128 MiB, and as much for what is left of the
// price in progress. What has no place is left out, and the search no longer complete from that
// price on (bounded_rest.h).
// Cost: some 10 ns per step and enabled thread.
#ifndef HEDDLE_HARNESS_STRATEGY_BOUNDED_SEARCH_H_
#define HEDDLE_HARNESS_STRATEGY_BOUNDED_SEARCH_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/strategy/bounded_rest.h"
#include "harness/strategy/strategy.h"

namespace heddle {

// The plain scheduler: the running thread, else the enabled one that comes next in the order of
// threads.
ThreadId PlainChoice(const SchedulingPoint& point);

// What bounded searches differ in.
struct BoundedPrice {
  const char* strategy;  // its name
  const char* unit;      // of the price: "preemption"
  // Of choosing the enabled thread that is `skipped` places behind the plain choice, in the order
  // of the enabled threads; at least 1.
  uint32_t (*of)(const SchedulingPoint& point, uint32_t skipped);
  // A schedule in which symmetric threads change places costs the same.
  bool same_for_symmetric = false;
};

extern const BoundedPrice kPreemptions;  // preemption_bounding.cc
extern const BoundedPrice kDelays;       // delay_bounding.cc

// Follows its plan, then the plain scheduler, and records every alternative with its price.
class BoundedDecider final : public Decider {
 public:
  explicit BoundedDecider(const BoundedPrice& price) : price_(price) {}

  void Begin(const Plan& plan) override;
  ThreadId Pick(const SchedulingPoint& point) override;
  uint32_t PickValue(const ValueChoice& choice) override;
  bool WantsEveryStep() const override { return true; }
  void End(ExecutionRecord* record) override;

 private:
  void Diverge();
  void RecordPick(const SchedulingPoint& point, ThreadId chosen);
  void LeaveOutSymmetric(const SchedulingPoint& point);

  const BoundedPrice& price_;
  std::vector<Decision> prefix_;
  size_t position_ = 0;
  uint64_t steps_ = 0;
  bool diverged_ = false;
  std::vector<ThreadId> order_;  // of the enabled threads, from the plain choice on
  std::vector<BranchPoint> branches_;
  std::vector<Decision> alternatives_;
  std::vector<uint32_t> prices_;  // parallel to alternatives_
};

class BoundedSearch final : public Strategy, public TreeSearch {
 public:
  static constexpr uint32_t kNoBound = 1'000;

  // `price` outlives the search; no schedule that costs more than `bound` is explored.
  BoundedSearch(const BoundedPrice& price, uint32_t bound, const BoundedLimits& limits = {})
      : price_(price), bound_(bound), limits_(limits) {}

  bool Next(Plan* plan) override;
  std::unique_ptr<Decider> MakeDecider() const override;
  void Learn(const Plan& plan, const ExecutionRecord& record) override;
  StrategyProgress Progress() const override;

  // bounded_parts.cc
  TreeSearch* AsTreeSearch() override { return this; }
  void LimitTo(uint64_t executions) override { limits_.executions = executions; }
  // One part only, for the rounds to divide.
  std::vector<std::string> Split(size_t most) override;
  std::vector<std::string> HandOnInRound(size_t most) override;
  bool Adopt(std::string_view part) override;
  std::unique_ptr<SearchRounds> MakeRounds() const override;
  std::string Counts() const override;
  bool Add(std::string_view counts, bool finished) override;

  // Of the execution planned last.
  uint32_t price() const { return rest_.price; }
  // Every schedule that costs less has been explored to its end.
  uint32_t CompleteBelow() const;

 private:
  static constexpr uint32_t kNever = BoundedRest::kNever;
  // A part of a round ends when it has put off so much, since whoever puts the round together has
  // all of it for a moment.
  static constexpr size_t kMostOfAPart = size_t{4} << 20;

  // An alternative at no price that is to be explored: the first `length` decisions of path_, then
  // `next`; where that is a value, all that are larger, too, but less than `values_end`.
  struct FreeBranch {
    uint32_t length;
    uint32_t values_end;
    Decision next;
  };

  bool NextFree();
  bool NextRoot();
  void FreeToRoots();
  void AddFree(const BranchPoint& branch, uint32_t length, const ExecutionRecord& record);
  void PutOffTheCostly(const BranchPoint& branch, uint32_t length, const ExecutionRecord& record);
  void LeaveOut(uint32_t price) { incomplete_from_ = std::min(incomplete_from_, price); }
  void CutToLimits();

  const BoundedPrice& price_;
  const uint32_t bound_;
  BoundedLimits limits_;
  std::vector<Decision> path_;    // of the execution planned last; all of it, once that is known
  std::vector<FreeBranch> free_;  // below the root in progress; explored from the last to the first
  BoundedRest rest_;
  uint32_t incomplete_from_ = kNever;  // of this price or more, something was not seen to its end
  bool started_ = false;
  bool finished_ = false;
  uint64_t executions_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_BOUNDED_SEARCH_H_
