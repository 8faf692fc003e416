// The default strategy: depth-first search and all that sample, side by side.
//
// None of them dominates the others (Zhao et al., "Selectively uniform concurrency testing", ASPLOS
// 2025, compare ten), so that each has a share of the budget:
// - The opening is for bugs that need few executions. It begins with one of depth-first search,
//   without preemptions (with all there are, where these are about kTiny at most), and a block each
//   of the two that find most in their studies: SURW, which knows after one execution what to do,
//   then reads-from fuzzing, which learns from each. In blocks, because half the executions of what
//   learns are worth less than half.
// - A small case is searched completely: depth-first search has every fourth execution of the rest
//   of the opening, and three of four after that, until it is through or has had its budget. When
//   it is through, up to the step limit where there are longer executions, samples have nothing to
//   add.
// - The others take turns: SURW, reads-from fuzzing, POS, random walk, PCT of depths 1, 2 and 3,
//   each with a weight to begin with. A weight grows up to fourfold with the share of its
//   executions that showed a happens-before class that had not been seen before, and never falls
//   below what it began with: nobody is left without a share.
// Turns are a smooth weighted round robin, which is deterministic and spreads each one's turns
// evenly. Plan: member is the strategy that made it; a decider holds one of each member's.
#ifndef HEDDLE_HARNESS_STRATEGY_PORTFOLIO_H_
#define HEDDLE_HARNESS_STRATEGY_PORTFOLIO_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/strategy/dfs.h"
#include "harness/strategy/strategy.h"

namespace heddle {

class PortfolioDecider final : public Decider {
 public:
  explicit PortfolioDecider(std::vector<std::unique_ptr<Decider>> members)
      : members_(std::move(members)), active_(members_[0].get()) {}

  void Begin(const Plan& plan) override {
    active_ = members_[plan.member].get();
    active_->Begin(plan);
  }
  ThreadId Pick(const SchedulingPoint& point) override { return active_->Pick(point); }
  uint32_t PickValue(const ValueChoice& choice) override { return active_->PickValue(choice); }
  bool WantsEveryStep() const override { return active_->WantsEveryStep(); }
  EventSink* Events() override { return active_->Events(); }
  void Stuck(const SchedulingPoint& point) override { active_->Stuck(point); }
  void Failed(const SchedulingPoint& point) override { active_->Failed(point); }
  void End(ExecutionRecord* record) override { active_->End(record); }

 private:
  std::vector<std::unique_ptr<Decider>> members_;
  Decider* active_;
};

class Portfolio final : public Strategy {
 public:
  static constexpr uint64_t kTiny = 8;           // executions of a tree that is searched first
  static constexpr uint64_t kFirstSurw = 9;      // executions of SURW's block
  static constexpr uint64_t kFirstSampled = 17;  // of the two blocks
  static constexpr uint64_t kOpening = 64;       // executions until the opening ends

  // `dfs_executions`: of depth-first search, at most.
  explicit Portfolio(uint64_t dfs_executions);
  Portfolio(const Portfolio& other);

  bool Next(Plan* plan) override;
  std::unique_ptr<Decider> MakeDecider() const override;
  void Learn(const Plan& plan, const ExecutionRecord& record) override;
  StrategyProgress Progress() const override;
  std::string Counts() const override;
  bool Add(std::string_view counts, bool finished) override;
  // Until depth-first search has had its budget, and some of each that samples.
  std::optional<uint64_t> CommonExecutions() const override {
    return kOpening + dfs_executions_ + dfs_executions_ / 3 + 256;
  }
  std::unique_ptr<Strategy> Clone() const override { return std::make_unique<Portfolio>(*this); }

 private:
  struct Sampler {
    std::unique_ptr<Strategy> strategy;
    uint32_t weight;     // to begin with
    int64_t credit = 0;  // the largest has the next turn
    uint32_t made = 0;   // executions lately
    uint32_t fresh = 0;  // of these, with a class not seen before

    int64_t WeightNow() const { return int64_t{weight} * 16 * (made + 3 * fresh + 1) / (made + 1); }
  };

  bool IsSearched() const;
  bool IsTurnOfSearch() const;
  Sampler& NextSampler();
  bool IsFresh(uint64_t order_class);

  const uint64_t dfs_executions_;
  const bool is_clone_ = false;
  Dfs dfs_;                        // member 0
  std::vector<Sampler> samplers_;  // members 1, 2, ...
  uint64_t planned_ = 0;           // by this instance and what it is a clone of
  uint64_t searched_ = 0;          // executions, depth-first
  uint64_t sampled_ = 0;           // executions that were not, by this instance, and those added
  bool searching_ = true;
  // Classes seen, as a set of bits that their hashes select: when most are set little seems fresh,
  // and the weights go back to where they began.
  std::vector<uint64_t> seen_ = std::vector<uint64_t>(4'096);
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_PORTFOLIO_H_
